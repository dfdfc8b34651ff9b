// The map's own style: no outside server, no tiles, no glyph files. Letters are drawn by this machine.
import type { ExpressionSpecification, StyleSpecification } from "maplibre-gl";
import type { Colours } from "./marks";

export const CLICKED = ["village", "village-far", "zone", "shelter"] as const;
/** From here on villages are plain dots until one is near: a machine without graphics places no 10,000 marks. */
export const MANY_POINTS = 2_000;
const NEAR_ZOOM = 11;
const VILLAGE_NAMES_ZOOM = 11.2;
const ORDER = ["", "stopped", "answered", "reached_by_fallback", "waiting", "ringing", "fallback", "help", "nobody"];
const rank = ["index-of", ["get", "state"], ["literal", ORDER]] as unknown as ExpressionSpecification;
const none = { type: "FeatureCollection" as const, features: [] };

/** scale: how much larger letters and marks are than on a desk. */
export function style(c: Colours, many = false, scale = 1): StyleSpecification {
  const off = Math.log2(scale);
  const names = { "text-font": ["local"], "text-max-width": 20 };
  const halo = { "text-color": c.ink, "text-halo-color": c.paper, "text-halo-width": 1.6 };
  const icon = ["concat", ["get", "kind"], "-", ["get", "state"]] as unknown as ExpressionSpecification;
  return {
    version: 8,
    sources: {
      areas: { type: "geojson", data: none, promoteId: "code" },
      labels: { type: "geojson", data: none },
      points: { type: "geojson", data: none, promoteId: "code" },
      chosen: { type: "geojson", data: none },
    },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": c.sunk } },
      { id: "county", type: "fill", source: "areas", filter: ["==", ["get", "kind"], "county"], paint: { "fill-color": c.paper } },
      { id: "unknown", type: "fill", source: "areas", filter: ["==", ["get", "kind"], "township"],
        paint: { "fill-pattern": "hatch", "fill-opacity": ["case", ["==", ["feature-state", "share"], null], 0.7, 0] } },
      { id: "answered", type: "fill", source: "areas", filter: ["==", ["get", "kind"], "township"],
        paint: { "fill-color": c.accent, "fill-opacity": ["*", 0.28, ["coalesce", ["feature-state", "share"], 0]] } },
      { id: "township", type: "line", source: "areas", filter: ["==", ["get", "kind"], "township"], paint: { "line-color": c.edge, "line-width": 0.7, "line-dasharray": [3, 2] } },
      { id: "edge", type: "line", source: "areas", filter: ["==", ["get", "kind"], "county"], paint: { "line-color": c.quiet, "line-width": 1.6 } },
      { id: "chosen", type: "line", source: "chosen", paint: { "line-color": c.ink, "line-width": 3 } },
      { id: "shelter", type: "symbol", source: "points", minzoom: 10.2 + off, filter: ["==", ["get", "kind"], "shelter"],
        layout: { "icon-image": icon, "icon-size": 0.7 * scale, "icon-allow-overlap": true, ...names, "text-field": ["step", ["zoom"], "", 12.4 + off, ["get", "name"]], "text-size": 11 * scale, "text-offset": [0, 1.1], "text-anchor": "top", "text-optional": true }, paint: halo },
      { id: "zone", type: "symbol", source: "points", minzoom: 10 + off, filter: ["==", ["get", "kind"], "zone"],
        layout: { "icon-image": icon, "icon-size": 0.75 * scale, "icon-offset": [22, -22], "icon-allow-overlap": true }, paint: halo },
      { id: "village-far", type: "circle", source: "points", maxzoom: NEAR_ZOOM, filter: ["==", ["get", "kind"], "village"],
        layout: { visibility: many ? "visible" : "none", "circle-sort-key": rank },
        paint: { "circle-radius": ["match", ["get", "state"], ["nobody", "help"], 4, 2.5], "circle-stroke-width": 1, "circle-stroke-color": c.ink,
          "circle-color": ["match", ["get", "state"], ["nobody", "help"], c.ink, ["answered", "reached_by_fallback"], c.accent, c.paper] } },
      { id: "village", type: "symbol", source: "points", ...(many ? { minzoom: NEAR_ZOOM } : {}), filter: ["==", ["get", "kind"], "village"],
        layout: { "icon-image": icon, "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.45 * scale, 10, 0.62 * scale, 13, scale], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": rank,
          ...names, "text-field": ["step", ["zoom"], "", VILLAGE_NAMES_ZOOM, ["get", "name"]], "text-size": 12 * scale, "text-offset": [0, 0.9], "text-anchor": "top", "text-optional": true }, paint: halo },
      { id: "names", type: "symbol", source: "labels",
        layout: { ...names, "text-field": ["get", "name"], "text-size": ["interpolate", ["linear"], ["zoom"], 8, 11 * scale, 11, 16 * scale], "text-allow-overlap": false, "text-padding": 1 },
        paint: { ...halo, "text-halo-width": 2.4 } },
    ],
  };
}
