// Keys: / search, j k rows, Enter opens, g and a letter goes, ? tells, Ctrl K palette, Ctrl Enter submits.
import { $, $$, typing } from "./page";
import { openPalette } from "./palette";
import { walked } from "./walk";

const GO_MS = 1_500;
const STEP = { j: 1, k: -1 } as const;
let going = 0;

const rows = (): HTMLElement[] => $$("#main tbody tr, #main [data-row]").filter((row) => row.offsetParent !== null && !row.matches(".group"));

function move(step: number): void {
  const all = rows();
  const at = all.findIndex((row) => row.classList.contains("at"));
  const to = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + step));
  all[at]?.classList.remove("at");
  const row = all[to];
  if (!row) return;
  row.classList.add("at");
  row.scrollIntoView({ block: "nearest" });
  row.dispatchEvent(new Event("anlan:chosen", { bubbles: true }));
}

function openRow(event: KeyboardEvent): void {
  if (document.activeElement && document.activeElement !== document.body && document.activeElement.id !== "main") return;
  const row = $("#main .at");
  const act = row && $<HTMLElement>("a, summary, button", row);
  if (act) { event.preventDefault(); act.click(); }
}

function withControl(event: KeyboardEvent): boolean {
  if (!event.ctrlKey && !event.metaKey) return false;
  if (event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); }
  if (event.key === "Enter") {
    const form = (document.activeElement as HTMLInputElement | null)?.form;
    form?.requestSubmit($<HTMLButtonElement>("button.act", form) ?? undefined);
  }
  return true;
}

/** A letter that the page shows beside an act presses it; a field gets the keys, a fold opens first. */
function pressedLetter(event: KeyboardEvent): boolean {
  const at = /^[a-z]$/.test(event.key) ? $<HTMLElement>(`#main [data-press="${event.key}"]`) : null;
  if (!at) return false;
  event.preventDefault();
  if (at instanceof HTMLInputElement) { at.focus(); return true; }
  at.click();
  if (at instanceof HTMLElement && at.tagName === "SUMMARY") $<HTMLElement>("input:not([type=hidden]), select, textarea", at.parentElement ?? at)?.focus();
  return true;
}

function plain(event: KeyboardEvent): void {
  if (event.key === "/") {
    event.preventDefault();
    const own = $<HTMLInputElement>("#main input[type=search]");
    if (own) { own.focus(); own.select(); } else openPalette();
  }
  if (event.key === "?") $<HTMLDialogElement>("#keys")?.showModal();
  if (event.key === "g") going = Date.now() + GO_MS;
  if (event.key === "j" || event.key === "k") move(STEP[event.key]);
  if (event.key === "Enter") openRow(event);
}

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (withControl(event) || event.altKey) return;
    if (event.key === "Escape" && typing()) { (document.activeElement as HTMLElement).blur(); return; }
    if (typing() || $("dialog[open]")) return;
    if (going > Date.now()) {
      going = 0;
      const link = $<HTMLAnchorElement>(`nav a[data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.href = link.href; }
      return;
    }
    if (!pressedLetter(event) && !walked(event)) plain(event);
  });
}
