// Light or dark: the choice is a cookie, so that the server sends the page in it and nothing flashes.
import { $ } from "./page";

const YEAR_S = 31_536_000;

export function startTheme(): void {
  $("#theme")?.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    root.dataset.theme = dark ? "light" : "dark";
    root.classList.toggle("wa-dark", !dark);
    document.cookie = `anlan_theme=${root.dataset.theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
    dispatchEvent(new Event("anlan:theme"));
  });
}
