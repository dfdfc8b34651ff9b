// Forms: one press is one act; what is about to be lost is asked about; a slow answer shows.
import { $, $$, touched } from "./page";

const PRESS_MS_MAX = 8_000;
let sending = false;

export function startForms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const button = event.submitter as HTMLButtonElement | null;
    if (form.method === "dialog" || event.defaultPrevented) return;
    sending = true;
    $("#progress")?.classList.add("on");
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    setTimeout(() => { button.disabled = true; }, 0);
    setTimeout(() => { button.disabled = false; button.removeAttribute("aria-busy"); sending = false; $("#progress")?.classList.remove("on"); }, PRESS_MS_MAX);
  });
  addEventListener("beforeunload", (event) => {
    const lost = $$<HTMLTextAreaElement>("#main textarea, #main form.keeps input").some(touched);
    if (lost && !sending) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const menu = $<HTMLDetailsElement>("details.who[open]");
    if (menu && !menu.contains(event.target as Node)) menu.open = false;
  });
  $("#print")?.addEventListener("click", () => print());
}

/** The place in the main line of what is open now. */
export function markHere(): void {
  for (const link of $$<HTMLAnchorElement>(".top nav a")) {
    const here = link.getAttribute("href") ?? "";
    const at = here === "/" ? location.pathname === "/" : location.pathname.startsWith(here);
    if (at) { link.setAttribute("aria-current", "page"); link.scrollIntoView({ block: "nearest", inline: "center" }); }
  }
}
