// A small map whose middle is the point: arrows move it, plus and minus zoom, as MapLibre has them.
import "maplibre-gl/dist/maplibre-gl.css";
import maplibregl, { type Map as Drawing } from "maplibre-gl/dist/maplibre-gl-csp.js";
import workerUrl from "maplibre-gl/dist/maplibre-gl-csp-worker.js?url";
import { colours, hatch } from "./marks";
import { style } from "./style";

interface Ground { areas: GeoJSON.FeatureCollection; labels: GeoJSON.FeatureCollection }
const ZOOM_MAX = 16;
const EDGE_PX = 16;
let map: Drawing | null = null;

function bounds(of: GeoJSON.FeatureCollection): maplibregl.LngLatBounds {
  const box = new maplibregl.LngLatBounds();
  const walk = (part: unknown): void => {
    if (Array.isArray(part) && typeof part[0] === "number") box.extend(part as [number, number]);
    else if (Array.isArray(part)) part.forEach(walk);
  };
  for (const feature of of.features) walk((feature.geometry as GeoJSON.Polygon).coordinates);
  return box;
}

const asked = async <T>(path: string): Promise<T> => {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as T;
};

/** Draws the county once; later openings only come back to it. told: where the cross stands now. */
export async function show(box: HTMLElement, told: (at: { lat: number; lng: number }) => void): Promise<void> {
  if (map) { map.resize(); map.getCanvas().focus(); told(map.getCenter()); return; }
  maplibregl.setWorkerUrl(workerUrl);
  const [ground, places] = await Promise.all([asked<Ground>("/map/ground/"), asked<{ points: GeoJSON.FeatureCollection }>("/map/points/")]);
  const view = bounds(ground.areas);
  const drawing = new maplibregl.Map({
    container: box, style: style(colours(), true), renderWorldCopies: false, maxZoom: ZOOM_MAX, attributionControl: false,
    dragRotate: false, pitchWithRotate: false, touchPitch: false, fadeDuration: 0,
    localIdeographFontFamily: getComputedStyle(document.body).fontFamily,
    ...(view.isEmpty() ? {} : { bounds: view, fitBoundsOptions: { padding: EDGE_PX } }),
  });
  drawing.keyboard.disableRotation();
  await new Promise<void>((done) => drawing.once("style.load", () => done()));
  if (!drawing.hasImage("hatch")) drawing.addImage("hatch", hatch(colours()));
  (drawing.getSource("areas") as maplibregl.GeoJSONSource).setData(ground.areas);
  (drawing.getSource("labels") as maplibregl.GeoJSONSource).setData(ground.labels);
  (drawing.getSource("points") as maplibregl.GeoJSONSource).setData(places.points);
  map = drawing;
  drawing.on("move", () => told(drawing.getCenter()));
  told(drawing.getCenter());
  drawing.getCanvas().focus();
}

/** The point under the cross; null before the map is drawn. */
export function centre(): { lat: number; lng: number } | null {
  return map ? map.getCenter() : null;
}
