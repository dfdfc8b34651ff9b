// Marks of the map, drawn here: a shape for every state, in ink, paper and the accent; no grade colour.
export interface Colours { ink: string; paper: string; sunk: string; rule: string; edge: string; quiet: string; accent: string }

/** The page's own colours, light or dark. */
export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return { ink: of("ink"), paper: of("paper"), sunk: of("sunk"), rule: of("rule"), edge: of("edge"), quiet: of("quiet"), accent: of("accent") };
}

const SIZE = 26;
type Draw = (pen: CanvasRenderingContext2D, c: Colours) => void;

const round = (r: number, fill: keyof Colours | null, half = false): Draw => (pen, c) => {
  pen.beginPath(); pen.arc(13, 13, r, 0, 7); pen.fillStyle = c.paper; pen.fill();
  if (fill) { pen.beginPath(); pen.arc(13, 13, r, half ? Math.PI / 2 : 0, half ? -Math.PI / 2 : 7); pen.fillStyle = c[fill]; pen.fill(); }
  pen.beginPath(); pen.arc(13, 13, r, 0, 7); pen.stroke();
};
const shape = (points: [number, number][], fill: keyof Colours): Draw => (pen, c) => {
  pen.beginPath(); points.forEach(([x, y]) => pen.lineTo(x, y)); pen.closePath(); pen.fillStyle = c[fill]; pen.fill(); pen.stroke();
};
const diamond: [number, number][] = [[13, 4], [22, 13], [13, 22], [4, 13]];
const square: [number, number][] = [[6, 6], [20, 6], [20, 20], [6, 20]];

const MARKS: Record<string, Draw> = {
  "village-": round(3, null),
  "village-answered": round(7, "accent"),
  "village-reached_by_fallback": shape(diamond, "accent"),
  "village-fallback": shape(diamond, "paper"),
  "village-ringing": round(7, "accent", true),
  "village-waiting": round(7, null),
  "village-stopped": round(4, "rule"),
  "village-help": shape([[13, 3], [24, 22], [2, 22]], "ink"),
  "village-nobody": (pen, c) => {
    for (const [width, colour] of [[7, c.paper], [3.4, c.ink]] as const) {
      pen.lineWidth = width; pen.strokeStyle = colour;
      pen.beginPath(); pen.moveTo(6, 6); pen.lineTo(20, 20); pen.moveTo(20, 6); pen.lineTo(6, 20); pen.stroke();
    }
  },
  "zone-": shape([[8, 8], [18, 8], [18, 18], [8, 18]], "paper"),
  "zone-not_reported": shape(square, "paper"),
  "zone-counted": shape(square, "accent"),
  "shelter-": shape([[13, 4], [23, 12], [20, 12], [20, 21], [6, 21], [6, 12], [3, 12]], "sunk"),
};

/** The mark as pixels; null for a name that is no mark of ours. */
export function mark(name: string, c: Colours): ImageData | null {
  const draw = MARKS[name];
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * 2;
  const pen = canvas.getContext("2d");
  if (!draw || !pen) return null;
  pen.scale(2, 2);
  pen.lineWidth = 1.6; pen.lineJoin = "round"; pen.lineCap = "round"; pen.strokeStyle = c.ink;
  draw(pen, c);
  return pen.getImageData(0, 0, SIZE * 2, SIZE * 2);
}

/** A slant hatch: nothing is known of this area. */
export function hatch(c: Colours): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const pen = canvas.getContext("2d")!;
  pen.strokeStyle = c.rule; pen.lineWidth = 2;
  for (const at of [-8, 0, 8, 16]) { pen.beginPath(); pen.moveTo(at, 16); pen.lineTo(at + 16, 0); pen.stroke(); }
  return pen.getImageData(0, 0, 16, 16);
}
