// The wire: events say that something changed at a place; the page then asks for what it may see.
// What the screen cannot know any more looks old: grey, with its age in words.
import { redraw } from "./redraw";
import { $ } from "./page";
import { ring } from "./sound";
import { t, tn } from "./words";

const GATHER_MS = 250;
const SILENT_S_MAX = 20;
const ASK_AGAIN_MS = 60_000;
const TICK_MS = 1_000;

/** A form that was sent may itself have ended the sign-in: its answer must not be cut off. */
const LEAVE_MS = 15_000;

let leaving = false;
let heard_ms = Date.now();
let cut = false;
let pending = 0;
let asking = false;
let again = false;

async function ask(): Promise<void> {
  pending = 0;
  if (asking) { again = true; return; }
  asking = true;
  const heard = await redraw();
  asking = false;
  if (heard === "ok") alive();
  else if (heard === "signed-out") say(t("登录已过期，请重新登录"), true);
  else if (heard === "no-wire") { cut = true; tick(); }
  if (again) { again = false; soon(); }
}

function soon(): void {
  if (!pending) pending = window.setTimeout(() => void ask(), GATHER_MS);
}

function alive(): void {
  heard_ms = Date.now();
  cut = false;
  say("", false);
}

function say(text: string, down: boolean): void {
  const mark = $("#wire");
  if (mark && mark.textContent !== text) mark.textContent = text;
  mark?.classList.toggle("down", down);
  document.documentElement.classList.toggle("stale", down);
}

function tick(): void {
  const age_s = Math.round((Date.now() - heard_ms) / 1000);
  if (age_s <= SILENT_S_MAX && !cut) return;
  const age = age_s < 90 ? tn("%(n)d 秒", age_s) : tn("%(n)d 分钟", Math.round(age_s / 60));
  say(t("断线，画面是 %(age)s前的", { age }), true);
}

interface Told { topic: string; state?: string }

/** "over": the sign-in behind this wire has ended; the page is asked again and says so. */
function hear(told: Told, topics: Set<string>, source: EventSource): void {
  if (told.topic === "wire") {
    if (told.state === "over") { source.close(); setTimeout(() => location.reload(), leaving ? LEAVE_MS : 0); return; }
    if (told.state === "up") soon();
    else { cut = true; tick(); }
    return;
  }
  if (!cut) alive();
  if (told.topic === "alarm") ring();
  if (topics.has(told.topic)) { dispatchEvent(new CustomEvent("anlan:told", { detail: told })); soon(); }
}

/** Opens the wire where the page was given one; a page without topics only listens for alarms. */
export function startLive(): void {
  const address = document.body.dataset.live;
  if (!address) return;
  const topics = new Set((document.body.dataset.topics ?? "").split(/[ ,]+/).filter(Boolean));
  const source = new EventSource(address);
  addEventListener("submit", (event) => { leaving ||= !event.defaultPrevented; });
  source.onmessage = (event: MessageEvent<string>) => hear(JSON.parse(event.data) as Told, topics, source);
  // What happened between the making of the page and the opening of the wire was told to nobody.
  source.onopen = () => { if (topics.size || cut || Date.now() - heard_ms > SILENT_S_MAX * 1000) soon(); };
  setInterval(tick, TICK_MS);
  addEventListener("offline", () => { cut = true; tick(); });
  addEventListener("online", soon);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  if (topics.size) setInterval(soon, ASK_AGAIN_MS);
}
