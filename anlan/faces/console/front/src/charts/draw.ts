// Draws every [data-chart] of the page from its table, in ink and the accent; again when the page is
// redrawn, turns dark or light, or goes to paper. Loaded only where a page has one.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent } from "echarts/components";
import { init, use, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { $$ } from "../page";
import { known, options, type Look } from "./options";
import { read, tableOf } from "./read";

use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, CanvasRenderer]);
const PIXELS = 2;
const PAPER: Look = { ink: "#000", paper: "#fff", quiet: "#333", rule: "#999", edge: "#666", accent: "#333", letters: "sans-serif", size: 12 };
const drawn = new Map<HTMLElement, EChartsType>();

function look(): Look {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return { ink: of("ink"), paper: of("paper"), quiet: of("quiet"), rule: of("rule"), edge: of("edge"), accent: of("accent"),
    letters: getComputedStyle(document.body).fontFamily, size: parseFloat(style.fontSize) * 0.86 };
}

function draw(box: HTMLElement, own: Look): void {
  const table = tableOf(box);
  const told = table && read(table);
  box.hidden = !told?.labels.length;
  if (!told || box.hidden) return;
  if (box.classList.contains("tall")) box.style.setProperty("--rows", String(known(told).length));
  const chart = drawn.get(box) ?? init(box, null, { devicePixelRatio: PIXELS });
  if (!drawn.has(box)) { drawn.set(box, chart); new ResizeObserver(() => chart.resize()).observe(box); }
  chart.setOption(options(box.dataset, told, own), { notMerge: true });
  box.dataset["drawn"] = String(told.labels.length);
  box.dataset["ink"] = own.ink;
}

const all = (own: Look = look()): void => { for (const box of $$("[data-chart]")) draw(box, own); };

all();
document.addEventListener("anlan:redrawn", () => all());
addEventListener("anlan:theme", () => all());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all());
matchMedia("print").addEventListener("change", (event) => all(event.matches ? PAPER : look()));
