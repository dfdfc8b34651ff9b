// Relative times tick against the server's clock (an exercise has its own), never the desk's.
import { $$ } from "./page";
import { t, tn } from "./words";

const TICK_MS = 5_000;
const OLD_S = 3_600;
let ahead_ms = 0;

/** Milliseconds of the county's clock now. */
export const now_ms = (): number => Date.now() + ahead_ms;

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

/** Takes the server's time as the page says it, and keeps the relative words true. */
export function startClock(): void {
  const told = Date.parse(document.body.dataset.now ?? "");
  if (!Number.isNaN(told)) ahead_ms = told - Date.now();
  tick();
  setInterval(tick, TICK_MS);
  document.addEventListener("anlan:redrawn", tick);
}
