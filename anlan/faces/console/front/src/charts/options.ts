// What is drawn: steps over time, a figure over months with its target, people by place as bars.
// No animation, no tooltip (its markup would need inline styles): the table below says the numbers.
import type { EChartsCoreOption } from "echarts/core";
import type { Told } from "./read";

export interface Look { ink: string; paper: string; quiet: string; rule: string; edge: string; accent: string; letters: string; size: number }

const ROOM_PX = 12;
const BAR_PX = 14;
const SHADES = [1, 0.62, 0.34];

type Way = (data: DOMStringMap, told: Told, own: Look) => EChartsCoreOption;

const frame = (own: Look): EChartsCoreOption => ({
  animation: false,
  textStyle: { fontFamily: own.letters, fontSize: own.size, color: own.quiet },
  grid: { left: ROOM_PX, right: ROOM_PX * 5, top: ROOM_PX * 3, bottom: ROOM_PX, containLabel: true },
  legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12, icon: "rect", textStyle: { color: own.quiet, fontSize: own.size } },
});
const axis = (own: Look): Record<string, unknown> => ({
  axisLine: { lineStyle: { color: own.edge } }, axisTick: { show: false }, axisLabel: { color: own.quiet, fontSize: own.size },
  splitLine: { lineStyle: { color: own.rule, width: 0.6 } }, nameTextStyle: { color: own.quiet, fontSize: own.size },
});
const line = (own: Look, at: number | null, text: string): object =>
  at === null ? {} : { markLine: { symbol: "none", silent: true, lineStyle: { color: own.ink, type: "dashed", width: 1.2 },
    label: { formatter: text, color: own.ink, fontSize: own.size, position: "end" }, data: [{ yAxis: at }] } };
const target = (data: DOMStringMap): number | null => (data["target"] ? Number(data["target"]) : null);

/** The last series is what nobody has reached: ink, where the others are shades of the accent. */
const fill = (own: Look, at: number, count: number): object =>
  at === count - 1 && count > 1 ? { color: own.ink } : { color: own.accent, opacity: SHADES[at] ?? 0.2 };

const steps: Way = (data, told, own) => ({
  ...frame(own),
  xAxis: { type: "value", name: data["unit"] ?? "", nameLocation: "end", min: 0, max: Math.max(1, Math.ceil(Math.max(...told.at))), ...axis(own) },
  yAxis: { type: "value", min: 0, ...(target(data) === null ? {} : { max: target(data) }), minInterval: 1, ...axis(own) },
  series: told.series.map((series, at) => ({
    name: series.name, type: "line", step: "end", stack: "all", symbol: "none", lineStyle: { width: 0 }, itemStyle: fill(own, at, told.series.length),
    areaStyle: fill(own, at, told.series.length), data: series.values.map((value, row) => [told.at[row] ?? 0, value ?? 0]),
    ...(at === 0 ? line(own, target(data), data["targetSays"] ?? "") : {}),
  })),
});

/** The table has the newest month first, time runs to the right. */
const months: Way = (data, told, own) => ({
  ...frame(own),
  legend: { show: false },
  xAxis: { type: "category", data: [...told.labels].reverse(), ...axis(own) },
  yAxis: { type: "value", scale: true, name: data["unit"] ?? "", ...axis(own),
    min: (seen: { min: number }) => Math.min(seen.min, target(data) ?? seen.min), max: (seen: { max: number }) => Math.max(seen.max, target(data) ?? seen.max) },
  series: told.series.map((series, at) => ({
    name: series.name, type: "line", symbol: "circle", symbolSize: 8, connectNulls: false, itemStyle: { color: own.accent }, lineStyle: { color: own.accent, width: 2 },
    label: { show: true, color: own.ink, fontSize: own.size }, data: [...series.values].reverse(), ...(at === 0 ? line(own, target(data), data["targetSays"] ?? "") : {}),
  })),
});

const places: Way = (_data, told, own) => ({
  ...frame(own),
  xAxis: { type: "value", minInterval: 1, ...axis(own) },
  yAxis: { type: "category", inverse: true, data: told.labels, ...axis(own) },
  series: told.series.map((series, at) => ({
    name: series.name, type: "bar", stack: "all", barWidth: BAR_PX, data: series.values,
    itemStyle: at === told.series.length - 1 ? { color: own.paper, borderColor: own.ink, borderWidth: 1.2 } : fill(own, at, told.series.length + 1),
    label: { show: at === told.series.length - 1, position: "right", color: own.ink, fontSize: own.size },
  })),
});

/** Rows that have a figure: a place without one is not drawn, for a gap would read as nothing. */
export const known = (told: Told): number[] =>
  told.labels.flatMap((_label, row) => (told.series.some((series) => typeof series.values[row] === "number") ? [row] : []));

/** One figure a place, with the target across. */
const shares: Way = (data, told, own) => ({
  ...frame(own),
  legend: { show: false },
  xAxis: { type: "value", name: data["unit"] ?? "", ...axis(own), max: (seen: { max: number }) => Math.max(seen.max, target(data) ?? seen.max) },
  yAxis: { type: "category", inverse: true, data: known(told).map((row) => told.labels[row] ?? ""), ...axis(own) },
  series: told.series.slice(0, 1).map((series) => ({
    name: series.name, type: "bar", barWidth: BAR_PX, data: known(told).map((row) => series.values[row] ?? null), itemStyle: { color: own.accent },
    label: { show: true, position: "right", color: own.ink, fontSize: own.size },
    ...(target(data) === null ? {} : { markLine: { symbol: "none", silent: true, lineStyle: { color: own.ink, type: "dashed", width: 1.2 },
      label: { formatter: data["targetSays"] ?? "", color: own.ink, fontSize: own.size, position: "end" }, data: [{ xAxis: target(data) }] } }),
  })),
});

const WAYS: Record<string, Way> = { steps, months, places, shares };

/** data-chart says which way; an unknown one draws months. */
export const options: Way = (data, told, own) => (WAYS[data["chart"] ?? ""] ?? months)(data, told, own);
