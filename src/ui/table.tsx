// biome-ignore-all lint/a11y/noRedundantRoles: browsers drop a table's meaning with its layout, so the roles are spelled out
import type { ComponentChildren } from 'preact';

export interface TableProps {
  /** Shown above the table. */
  caption: string;
  /** Only for screen readers, when the heading above says the same. */
  captionHidden?: boolean | undefined;
  columns: readonly string[];
  /** The cells of each row, as many as there are columns. The first one names the row. */
  rows: readonly (readonly ComponentChildren[])[];
  /** The columns after the first have equal widths. */
  even?: boolean | undefined;
  /** On a narrow screen an arrow leads from each cell to the next, instead of names of columns. */
  arrow?: boolean | undefined;
}

/**
 * A table. On a narrow screen it becomes a list of rows, with each cell under the name of its
 * column.
 */
export function Table({
  caption,
  captionHidden = false,
  columns,
  rows,
  even = false,
  arrow = false,
}: TableProps) {
  return (
    <table class="table" role="table" data-even={even ? '' : undefined} data-arrow={arrow ? '' : undefined}>
      <caption class={captionHidden ? 'ds-sr-only' : undefined}>{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column} scope="col" role="columnheader">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((cells, index) => (
          <tr key={index} role="row">
            {cells.map((cell, column) =>
              column === 0 ? (
                <th key={columns[column]} scope="row" role="rowheader">
                  {cell}
                </th>
              ) : (
                <td key={columns[column]} role="cell" data-label={columns[column]}>
                  {cell}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
