// The command palette: pages, acts, people and places by a few letters. A combobox as WAI-ARIA has it.
import { $, $$ } from "./page";
import { t } from "./words";

interface Found { label: string; note: string; url: string }
const WAIT_MS = 120;

let asked = 0;
let timer = 0;

function choose(list: HTMLElement, field: HTMLInputElement, to: number): void {
  const rows = $$("li", list);
  rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === to)));
  const row = rows[to];
  if (row) { field.setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); }
  else field.removeAttribute("aria-activedescendant");
}

const chosen = (list: HTMLElement): number => $$("li", list).findIndex((row) => row.getAttribute("aria-selected") === "true");

function draw(list: HTMLElement, field: HTMLInputElement, rows: Found[]): void {
  list.replaceChildren(...rows.map((found, at) => {
    const row = document.createElement("li");
    row.id = `found-${at}`;
    row.setAttribute("role", "option");
    row.dataset.url = found.url;
    row.append(found.label, Object.assign(document.createElement("small"), { textContent: found.note }));
    return row;
  }));
  $("#palette-none")!.hidden = rows.length > 0;
  choose(list, field, rows.length ? 0 : -1);
}

async function search(list: HTMLElement, field: HTMLInputElement): Promise<void> {
  const turn = ++asked;
  const none = $("#palette-none")!;
  try {
    const answer = await fetch(`/search/?q=${encodeURIComponent(field.value)}`, { headers: { Accept: "application/json" } });
    if (turn !== asked) return;
    if (!answer.ok) throw new Error(String(answer.status));
    none.textContent = t("没有找到，换个写法试试");
    draw(list, field, ((await answer.json()) as { results: Found[] }).results);
  } catch {
    none.textContent = t("查不到，可能断线了");
    draw(list, field, []);
  }
}

export function openPalette(): void {
  const dialog = $<HTMLDialogElement>("#palette");
  const field = dialog && $<HTMLInputElement>("input", dialog);
  const list = dialog && $(".found", dialog);
  if (!dialog || !field || !list || dialog.open) return;
  field.value = "";
  dialog.showModal();
  void search(list, field);
}

export function startPalette(): void {
  const dialog = $<HTMLDialogElement>("#palette");
  const field = dialog && $<HTMLInputElement>("input", dialog);
  const list = dialog && $(".found", dialog);
  if (!dialog || !field || !list) return;
  const go = (row: HTMLElement | undefined): void => { if (row?.dataset.url) location.href = row.dataset.url; };
  $("#palette-open")?.addEventListener("click", openPalette);
  field.addEventListener("input", () => { clearTimeout(timer); timer = window.setTimeout(() => void search(list, field), WAIT_MS); });
  field.addEventListener("keydown", (event) => {
    const rows = $$("li", list);
    const at = chosen(list);
    if (event.key === "ArrowDown") { event.preventDefault(); choose(list, field, Math.min(at + 1, rows.length - 1)); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(list, field, Math.max(at - 1, 0)); }
    if (event.key === "Enter") { event.preventDefault(); go(rows[at]); }
  });
  list.addEventListener("click", (event) => go((event.target as Element).closest("li") ?? undefined));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
