// What a chart shows stands in a table of the page: the table is the text alternative and the source.
import { $, $$ } from "../page";

export interface Series { name: string; values: (number | null)[] }
export interface Told { labels: string[]; at: number[]; series: Series[] }

const number = (cell: Element | undefined): number | null => {
  const said = cell instanceof HTMLElement ? cell.dataset["v"] : undefined;
  return said === undefined || said === "" || Number.isNaN(Number(said)) ? null : Number(said);
};

/** Columns whose head carries data-series; a row's first cell is its label, its data-x its place. */
export function read(table: HTMLTableElement): Told {
  const heads = $$<HTMLTableCellElement>("thead th", table);
  const columns = heads.flatMap((head, at) => ("series" in head.dataset ? [at] : []));
  const rows = $$<HTMLTableRowElement>("tbody tr:not(.total)", table);
  return {
    labels: rows.map((row) => row.cells[0]?.textContent?.trim() ?? ""),
    at: rows.map((row) => Number(row.dataset["x"] ?? 0)),
    series: columns.map((at) => ({ name: heads[at]?.textContent?.trim() ?? "", values: rows.map((row) => number(row.cells[at])) })),
  };
}

export const tableOf = (box: HTMLElement): HTMLTableElement | null => $<HTMLTableElement>(`#${CSS.escape(box.dataset["from"] ?? "")}`);
