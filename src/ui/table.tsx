// biome-ignore-all lint/a11y/noRedundantRoles: browsers drop a table's meaning with its layout, so the roles are spelled out
import type { ComponentChildren } from 'preact';

export interface TableProps {
  /** Shown above the table. */
  caption: string;
  /** Only for screen readers, when the heading above says the same. */
  captionHidden?: boolean | undefined;
  columns: readonly (string | HiddenTitle)[];
  /** The cells of each row, as many as there are columns. The first one names the row. */
  rows: readonly (readonly ComponentChildren[])[];
  /** The columns after the first have equal widths. */
  even?: boolean | undefined;
  /** On a narrow screen an arrow leads from each cell to the next, instead of names of columns. */
  arrow?: boolean | undefined;
}

/** The title of a column whose cells explain themselves, such as buttons. Only read out. */
export interface HiddenTitle {
  readonly hidden: string;
}

const labelOf = (column: string | HiddenTitle | undefined) => (isHidden(column) ? undefined : column);

const isHidden = (column: string | HiddenTitle | undefined): column is HiddenTitle =>
  typeof column === 'object';

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
          {columns.map((column, index) => (
            <th key={index} scope="col" role="columnheader">
              {isHidden(column) ? <span class="ds-sr-only">{column.hidden}</span> : column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((cells, index) => (
          <tr key={index} role="row">
            {cells.map((cell, column) =>
              column === 0 ? (
                <th key={column} scope="row" role="rowheader">
                  {cell}
                </th>
              ) : (
                <td key={column} role="cell" data-label={labelOf(columns[column])}>
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
