// biome-ignore-all lint/a11y/noRedundantRoles: browsers drop a table's meaning with its layout, so the roles are spelled out
import type { ComponentChildren } from 'preact';

export interface TableProps {
  /** Told above the table. */
  caption: string;
  /** For screen readers only, where the heading above says the same. */
  captionHidden?: boolean | undefined;
  columns: readonly string[];
  /** The cells of each row, as many as there are columns; the first one names the row. */
  rows: readonly (readonly ComponentChildren[])[];
  /** The columns after the first are equally wide. */
  even?: boolean | undefined;
}

/**
 * A table that on a narrow screen becomes a list of rows, every cell under its column's name.
 */
export function Table({ caption, captionHidden = false, columns, rows, even = false }: TableProps) {
  return (
    <table class="table" role="table" data-even={even ? '' : undefined}>
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
