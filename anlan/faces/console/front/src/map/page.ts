// The map page: ground once, points again whenever the wire tells; a click opens the record; what the
// list beside it chooses is shown on the map. Without WebGL the list says the same.
import "maplibre-gl/dist/maplibre-gl.css";
import "../css/map.css";
import maplibregl, { type GeoJSONSource, type Map as Drawing, type MapLayerMouseEvent } from "maplibre-gl/dist/maplibre-gl-csp.js";
import workerUrl from "maplibre-gl/dist/maplibre-gl-csp-worker.js?url";
import { $, $$ } from "../page";
import { t } from "../words";
import { colours, hatch, mark } from "./marks";
import { CLICKED, MANY_POINTS, style } from "./style";

interface Ground { areas: GeoJSON.FeatureCollection; labels: GeoJSON.FeatureCollection }
interface Town { code: number; share: number | null; open: number; nobody: number }
interface Points { points: GeoJSON.FeatureCollection; towns: Town[] }

const EDGE_PX = 24;
const ZOOM_MAX = 16;
const TOWN_ZOOM = 12;
const EVENTS_GATHER_MS = 400;
const OUTLINE_DEG = 0.6;

/** The page says where its ground and points are; on a wall nobody points at anything. */
const base = (): string => $("#map")!.dataset["base"] ?? "/map/";
const still = (): boolean => "still" in $("#map")!.dataset;
/** Letters and marks grow with the page's own letters. */
const scale = (): number => Math.max(1, parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);

let ground: Ground | null = null;
let points: Points | null = null;
let pending = 0;

async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(path + location.search, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as T;
}

function say(text: string): void {
  const note = $("#map-says")!;
  note.textContent = text;
  note.hidden = !text;
}

const many = (): boolean => (points?.points.features.length ?? 0) > MANY_POINTS;

function fill(map: Drawing): void {
  if (ground) {
    (map.getSource("areas") as GeoJSONSource).setData(ground.areas);
    (map.getSource("labels") as GeoJSONSource).setData(ground.labels);
  }
  if (points) {
    (map.getSource("points") as GeoJSONSource).setData(points.points);
    for (const town of points.towns) map.setFeatureState({ source: "areas", id: town.code }, { share: town.share });
  }
}

function bounds(of: GeoJSON.FeatureCollection): maplibregl.LngLatBounds {
  const box = new maplibregl.LngLatBounds();
  const walk = (part: unknown): void => {
    if (Array.isArray(part) && typeof part[0] === "number") box.extend(part as [number, number]);
    else if (Array.isArray(part)) part.forEach(walk);
  };
  for (const feature of of.features) walk((feature.geometry as GeoJSON.Polygon).coordinates);
  return box;
}

/** Asks for the points again, not more often than a person can see. */
function soon(map: Drawing): void {
  if (pending) return;
  pending = window.setTimeout(() => {
    pending = 0;
    ask<Points>(`${base()}points/`).then((told) => { points = told; fill(map); say(""); }, () => say(t("断线，图上是上一次的情况")));
  }, EVENTS_GATHER_MS);
}

function showTown(map: Drawing, code: number): void {
  const area = ground?.areas.features.find((feature) => feature.properties?.["code"] === code);
  if (!area) return;
  (map.getSource("chosen") as GeoJSONSource).setData({ type: "FeatureCollection", features: [area] });
  map.fitBounds(bounds({ type: "FeatureCollection", features: [area] }), { padding: EDGE_PX, maxZoom: TOWN_ZOOM, animate: !many() && !matchMedia("(prefers-reduced-motion: reduce)").matches });
}

function listen(map: Drawing): void {
  const box = $("#map-hint")!;
  for (const layer of still() ? [] : CLICKED) {
    map.on("mousemove", layer, (event: MapLayerMouseEvent) => {
      const own = event.features?.[0]?.properties;
      map.getCanvas().style.cursor = "pointer";
      if (own) { box.textContent = [own["name"], own["word"]].filter(Boolean).join(" · "); box.hidden = false; }
    });
    map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; box.hidden = true; });
    map.on("click", layer, (event: MapLayerMouseEvent) => {
      const url = event.features?.[0]?.properties?.["url"] as string | undefined;
      if (url?.startsWith("/") && !event.originalEvent.defaultPrevented) { event.originalEvent.preventDefault(); location.href = url; }
    });
  }
  addEventListener("anlan:told", () => soon(map));
  document.addEventListener("anlan:redrawn", () => soon(map));
  document.addEventListener("anlan:chosen", (event) => {
    const code = Number((event.target as HTMLElement).dataset["town"]);
    if (code) showTown(map, code);
  });
  for (const link of $$("[data-show]")) link.addEventListener("click", () => showTown(map, Number(link.dataset["show"])));
  addEventListener("anlan:theme", () => map.setStyle(style(colours(), many(), scale()), { diff: false }));
  map.on("style.load", () => { map.addImage("hatch", hatch(colours())); fill(map); });
  map.on("styleimagemissing", (event: { id: string }) => {
    const drawn = mark(event.id, colours());
    if (drawn && !map.hasImage(event.id)) map.addImage(event.id, drawn, { pixelRatio: 2 });
  });
}

function draw(): Drawing {
  const view = bounds(ground!.areas);
  const map = new maplibregl.Map({
    container: "map", style: style(colours(), many(), scale()), renderWorldCopies: false, hash: !still(), interactive: !still(), maxZoom: ZOOM_MAX, attributionControl: false,
    dragRotate: false, pitchWithRotate: false, touchPitch: false, fadeDuration: 0,
    localIdeographFontFamily: getComputedStyle(document.body).fontFamily,
    locale: { "NavigationControl.ZoomIn": t("放大"), "NavigationControl.ZoomOut": t("缩小"), "Map.Title": t("地图") },
    ...(view.isEmpty() ? {} : { bounds: view, fitBoundsOptions: { padding: EDGE_PX },
      maxBounds: [[view.getWest() - OUTLINE_DEG, view.getSouth() - OUTLINE_DEG], [view.getEast() + OUTLINE_DEG, view.getNorth() + OUTLINE_DEG]] as [[number, number], [number, number]] }),
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  if (!still()) map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  if (!still()) map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
  $("#map-whole")?.addEventListener("click", () => map.fitBounds(view, { padding: EDGE_PX }));
  return map;
}

async function start(): Promise<void> {
  maplibregl.setWorkerUrl(workerUrl);
  say(t("地图载入中"));
  try {
    [ground, points] = await Promise.all([ask<Ground>(`${base()}ground/`), ask<Points>(`${base()}points/`)]);
  } catch {
    say(t("地图没有取到，刷新再试；右边的列表不受影响"));
    return;
  }
  try {
    const map = draw();
    listen(map);
    map.once("idle", () => { say(""); $("#map")!.dataset["drawn"] = "1"; });
  } catch {
    say(t("这台机器画不出地图（没有 WebGL），列表里内容相同"));
  }
}

void start();
