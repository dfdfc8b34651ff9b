// Places while they are typed, and a point taken from the map by keys. Words alone do as well.
import "./css/pick.css";
import { $, $$ } from "./page";
import { t } from "./words";

interface Place { label: string; note: string; choice: string }
const WAIT_MS = 120;
const POINT_DIGITS = 5;

let timer = 0;
let asked = 0;

const rowsOf = (list: HTMLElement): HTMLElement[] => $$("li", list);
const chosenOf = (list: HTMLElement): number => rowsOf(list).findIndex((row) => row.getAttribute("aria-selected") === "true");

function hide(field: HTMLInputElement, list: HTMLElement): void {
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function choose(field: HTMLInputElement, list: HTMLElement, to: number): void {
  rowsOf(list).forEach((row, at) => row.setAttribute("aria-selected", String(at === to)));
  const row = rowsOf(list)[to];
  if (row) { field.setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); }
}

function take(field: HTMLInputElement, list: HTMLElement, at: number): void {
  const row = rowsOf(list)[at];
  const choice = $<HTMLInputElement>("input[type=hidden][name=choice]", field.form ?? document);
  if (!row) return;
  field.value = row.dataset["label"] ?? "";
  if (choice) choice.value = row.dataset["choice"] ?? "";
  hide(field, list);
}

function draw(field: HTMLInputElement, list: HTMLElement, found: Place[]): void {
  list.replaceChildren(...found.map((place, at) => {
    const row = document.createElement("li");
    const note = document.createElement("small");
    row.id = `place-${at}`;
    row.setAttribute("role", "option");
    row.dataset["label"] = place.label;
    row.dataset["choice"] = place.choice;
    note.textContent = place.note;
    row.append(place.label, note);
    row.addEventListener("mousedown", (event) => { event.preventDefault(); take(field, list, at); });
    return row;
  }));
  list.hidden = found.length === 0;
  field.setAttribute("aria-expanded", String(found.length > 0));
  if (found.length) choose(field, list, 0);
}

async function ask(field: HTMLInputElement, list: HTMLElement): Promise<void> {
  const mine = ++asked;
  const words = field.value.trim();
  if (!words) { hide(field, list); return; }
  try {
    const answer = await fetch(`/desk/places/?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" } });
    const told = answer.ok ? ((await answer.json()) as { results: Place[] }).results : [];
    if (mine === asked && document.activeElement === field) draw(field, list, told);
  } catch {
    hide(field, list);
  }
}

/** Arrows move, Enter takes what is marked and leaves the form alone; Tab takes it and goes on. */
function pressed(event: KeyboardEvent, field: HTMLInputElement, list: HTMLElement): void {
  if (list.hidden || event.isComposing || event.ctrlKey || event.metaKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) { event.preventDefault(); choose(field, list, Math.max(0, Math.min(rowsOf(list).length - 1, chosenOf(list) + step))); }
  if (event.key === "Enter") { event.preventDefault(); take(field, list, chosenOf(list)); }
  if (event.key === "Tab") take(field, list, chosenOf(list));
  if (event.key === "Escape") { event.stopPropagation(); hide(field, list); }
}

function watch(field: HTMLInputElement): void {
  const list = $(`#${field.getAttribute("aria-controls")}`);
  if (!list) return;
  field.addEventListener("input", () => {
    const choice = $<HTMLInputElement>("input[type=hidden][name=choice]", field.form ?? document);
    if (choice) choice.value = "";
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(field, list), WAIT_MS);
  });
  field.addEventListener("keydown", (event) => pressed(event, field, list));
  field.addEventListener("blur", () => hide(field, list));
}

const written = (at: { lat: number; lng: number }): string => `${at.lat.toFixed(POINT_DIGITS)}, ${at.lng.toFixed(POINT_DIGITS)}`;

/** The map comes only when it is asked for; without WebGL it says so and the words remain. */
async function openMap(): Promise<void> {
  const box = $<HTMLDialogElement>("#pick");
  const says = $("#pick-says");
  if (!box || !says) return;
  box.showModal();
  says.textContent = t("地图载入中");
  try {
    const { show } = await import("./map/pick");
    await show($("#pick-map")!, (at) => { says.textContent = written(at); });
    box.dataset["drawn"] = "1";
  } catch {
    says.textContent = t("这台机器画不出地图，请写村名或经纬度");
  }
}

async function takePoint(): Promise<void> {
  const { centre } = await import("./map/pick");
  const at = centre();
  const field = $<HTMLInputElement>("#place");
  const choice = $<HTMLInputElement>("input[type=hidden][name=choice]");
  if (!at || !field) return;
  field.value = written(at);
  if (choice) choice.value = "";
  $<HTMLDialogElement>("#pick")?.close();
  $<HTMLElement>("#what")?.focus();
}

for (const field of $$<HTMLInputElement>("input[data-places]")) watch(field);
$("#pick-open")?.addEventListener("click", () => void openMap());
$("#pick-take")?.addEventListener("click", () => void takePoint());
$("#pick-close")?.addEventListener("click", () => $<HTMLDialogElement>("#pick")?.close());
document.addEventListener("keydown", (event) => {
  if (event.altKey && event.key.toLowerCase() === "m" && $("#pick-open")) { event.preventDefault(); void openMap(); }
  if (event.key === "Enter" && $<HTMLDialogElement>("#pick")?.open && !(event.target instanceof HTMLButtonElement)) {
    event.preventDefault();
    void takePoint();
  }
});
document.documentElement.dataset["pick"] = "1";
