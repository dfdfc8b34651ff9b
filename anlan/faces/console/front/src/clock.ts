// Relative times tick against the server's clock (an exercise has its own), never the desk's.
import { $$ } from "./page";
import { t, tn } from "./words";

const TICK_MS = 5_000;
const SECOND_MS = 1_000;
const OLD_S = 3_600;
let told_ms = Date.now();
let heard_ms = Date.now();
let rate = 1;

/** Milliseconds of the county's clock now; an exercise's goes at its own rate. */
export const now_ms = (): number => told_ms + (Date.now() - heard_ms) * rate;

export function ago(moment_ms: number): string {
  const gap_s = Math.trunc((now_ms() - moment_ms) / 1000);
  const size_s = Math.abs(gap_s);
  const said =
    size_s >= 86_400 ? tn("%(n)d 天", Math.trunc(size_s / 86_400))
    : size_s >= 3_600 ? tn("%(n)d 小时", Math.trunc(size_s / 3_600))
    : size_s >= 60 ? tn("%(n)d 分钟", Math.trunc(size_s / 60))
    : size_s >= 1 ? tn("%(n)d 秒", size_s)
    : "";
  if (!said) return t("刚刚");
  return gap_s >= 0 ? t("%(t)s前", { t: said }) : t("%(t)s后", { t: said });
}

function tick(): void {
  for (const mark of $$<HTMLTimeElement>("time[datetime]")) {
    const moment = Date.parse(mark.dateTime);
    const small = mark.querySelector("small");
    if (Number.isNaN(moment) || !small) continue;
    const said = ago(moment);
    if (small.textContent !== said) small.textContent = said;
    if ("ages" in mark.dataset) mark.classList.toggle("old", now_ms() - moment > OLD_S * 1000);
  }
}

const wall = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** An exercise's clock is written out, second by second. */
function showWall(): void {
  for (const mark of $$<HTMLTimeElement>("time[data-clock]")) mark.textContent = wall.format(now_ms());
}

/** A redrawn page may say that the exercise's clock was moved or goes at another rate. */
function hear(): void {
  const newest = $$<HTMLTimeElement>("time[data-told]").at(-1);
  const told = Date.parse(newest?.dateTime ?? document.body.dataset.now ?? "");
  if (Number.isNaN(told)) return;
  told_ms = told;
  heard_ms = Date.now();
  rate = Number(newest?.dataset.rate ?? document.body.dataset.rate ?? 1);
}

/** Takes the server's time as the page says it, and keeps the relative words true. */
export function startClock(): void {
  hear();
  tick();
  setInterval(tick, TICK_MS);
  if (document.body.classList.contains("exercise")) {
    showWall();
    setInterval(showWall, SECOND_MS);
  }
  document.addEventListener("anlan:redrawn", () => {
    if ($$("time[data-told]").length) hear();
    tick();
  });
}
