// A page that goes through things one by one: n and p (or j and k) are its links, Enter presses the
// filled button, e opens the form, a digit chooses. What the page is about is brought into view.
import { $, $$ } from "./page";

const TO: Record<string, string> = { n: "next", j: "next", p: "prev", k: "prev" };

/** Whether the page goes one by one and the key was for it. */
export function walked(event: KeyboardEvent): boolean {
  const own = $("#main [data-walk]");
  if (!own) return false;
  const to = TO[event.key];
  if (to) { $<HTMLAnchorElement>(`a[rel=${to}]`, own)?.click(); return true; }
  if (event.key === "Enter") return accept(event, own);
  if (event.key === "e") return openForm(event, own);
  const choice = /^[1-9]$/.test(event.key) ? $$<HTMLInputElement>(".accept input[type=radio]", own)[Number(event.key) - 1] : undefined;
  if (choice) choice.checked = true;
  return Boolean(choice);
}

function accept(event: KeyboardEvent, own: HTMLElement): boolean {
  const at = document.activeElement;
  const elsewhere = at && at !== document.body && at.id !== "main" && at.matches("a, button, summary");
  const button = $<HTMLButtonElement>("[data-accept]", own);
  if (elsewhere || !button) return false;
  event.preventDefault();
  if (!event.repeat) button.click();
  return true;
}

function openForm(event: KeyboardEvent, own: HTMLElement): boolean {
  const form = $<HTMLDetailsElement>("details[data-edit]", own);
  if (!form) return false;
  event.preventDefault();
  form.open = true;
  $<HTMLInputElement>("input:not([type=hidden])", form)?.focus();
  return true;
}

/** Scrolls each pane to the cell or row that the page is about; the page itself stays. */
export function showHere(): void {
  for (const pane of $$(".pane")) {
    const here = $(".here", pane);
    if (!here) continue;
    const gap = here.getBoundingClientRect().top - pane.getBoundingClientRect().top;
    pane.scrollTop += gap - pane.clientHeight / 3;
  }
}
