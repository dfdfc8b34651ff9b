// The wall: a clock that a room can read, how old the picture is, and a screen that does not sleep.
import "./css/wall.css";
import { $ } from "./page";
import { now_ms } from "./clock";

const TICK_MS = 1_000;
const ZONE = "Asia/Shanghai";
const hours = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const days = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: ZONE, month: "long", day: "numeric", weekday: "long" });

function tick(): void {
  const box = $("#wall-clock");
  const moment = new Date(now_ms());
  if (box?.firstElementChild) box.firstElementChild.textContent = hours.format(moment);
  if (box?.lastElementChild) box.lastElementChild.textContent = days.format(moment);
  const age = $<HTMLTimeElement>(".wall-foot time");
  if (age?.firstElementChild) age.firstElementChild.textContent = hours.format(Date.parse(age.dateTime));
}

/** Asked for again whenever the page comes back to the front: the browser lets go of it in between. */
function stayAwake(): void {
  if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => { /* the machine's own setting decides */ });
}

tick();
setInterval(tick, TICK_MS);
document.addEventListener("anlan:redrawn", tick);
document.addEventListener("visibilitychange", stayAwake);
stayAwake();
