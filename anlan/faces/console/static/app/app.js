"use strict";
// The shell: live regions, sound, keys, palette, theme. No library, no inline script, no eval.
const body = document.body;
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = () => /INPUT|TEXTAREA|SELECT/.test(document.activeElement?.tagName ?? "");
const say = (zh, en) => (document.documentElement.lang.startsWith("en") ? en : zh);

// theme
const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;
$("#theme")?.addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
});
$$("nav a").forEach((link) => {
  const here = link.getAttribute("href");
  if (here === "/" ? location.pathname === "/" : location.pathname.startsWith(here))
    link.setAttribute("aria-current", "page");
});

// live: events say that something changed; the page is asked again and its main part replaced
const topics = new Set((body.dataset.topics ?? "").split(/[ ,]+/).filter(Boolean));
let pending = null;
let heard = Date.now();
async function refresh() {
  pending = null;
  if ($("dialog[open]") || $$("textarea, input:not([type=hidden])", $("#main")).some((field) => field === document.activeElement || field.value !== field.defaultValue)) return;
  try {
    const answer = await fetch(location.href, { headers: { "X-Refresh": "1" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const at = $$("#main tbody tr").findIndex((row) => row.classList.contains("at"));
    const scroll = scrollY;
    $("#main").replaceChildren(...$("#main", fresh).childNodes);
    document.title = fresh.title;
    if (at >= 0) $$("#main tbody tr")[at]?.classList.add("at");
    scrollTo(0, scroll);
    wire("up");
  } catch {
    wire("down");
  }
}
function soon() {
  if (topics.size && !pending) pending = setTimeout(refresh, 250);
}
function wire(state) {
  const mark = $("#wire");
  if (!mark) return;
  if (state === "up") { heard = Date.now(); mark.textContent = ""; }
  const age = Math.round((Date.now() - heard) / 1000);
  const down = age > 20;
  mark.classList.toggle("down", down);
  document.documentElement.classList.toggle("stale", down);
  if (down) mark.textContent = say(`断线，画面是 ${age} 秒前的`, `offline, picture is ${age} s old`);
}
if (body.dataset.live) {
  const source = new EventSource(body.dataset.live);
  source.onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (told.topic === "wire") {
      if (told.state === "over") { source.close(); location.reload(); }
      if (told.state === "up") soon();
      return;
    }
    wire("up");
    if (told.topic === "alarm") ring();
    if (topics.has(told.topic)) soon();
  };
  source.onopen = () => { wire("up"); };
  setInterval(() => wire("tick"), 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  setInterval(soon, 60000);
}

// sound: started by a gesture; an inaudible tone keeps the tab awake, so that an alarm is heard
let audio = null;
function keepAwake() {
  audio ??= new AudioContext();
  audio.resume();
  const hum = audio.createOscillator();
  const gain = audio.createGain();
  gain.gain.value = 0.0001;
  hum.frequency.value = 30;
  hum.connect(gain).connect(audio.destination);
  hum.start();
}
function ring() {
  document.title = "▲ " + document.title.replace(/^▲ /, "");
  if (Notification?.permission === "granted" && document.hidden)
    new Notification(say("安澜：有警报", "Anlan: alarm"), { tag: "anlan-alarm", renotify: true });
  if (!audio) return;
  for (let turn = 0; turn < 3; turn += 1) {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    tone.frequency.value = turn % 2 ? 660 : 880;
    gain.gain.value = 0.25;
    tone.connect(gain).connect(audio.destination);
    tone.start(audio.currentTime + turn * 0.35);
    tone.stop(audio.currentTime + turn * 0.35 + 0.28);
  }
}
$("#sound")?.addEventListener("click", (event) => {
  if (audio) { audio.close(); audio = null; }
  else { keepAwake(); ring(); globalThis.Notification?.requestPermission?.(); }
  event.target.setAttribute("aria-pressed", String(Boolean(audio)));
  event.target.textContent = audio ? say("声音开", "Sound on") : say("声音关", "Sound off");
});

// palette
const palette = $("#palette");
const box = palette && $("input", palette);
const results = palette && $("ul", palette);
let asked = 0;
async function search() {
  const turn = ++asked;
  const answer = await fetch("/search/?q=" + encodeURIComponent(box.value), { headers: { Accept: "application/json" } });
  if (turn !== asked || !answer.ok) return;
  results.replaceChildren(...(await answer.json()).results.map((found) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = found.url;
    link.append(found.label + " ", Object.assign(document.createElement("small"), { textContent: found.note }));
    item.append(link);
    return item;
  }));
}
function openPalette() { if (palette && !palette.open) { palette.showModal(); box.value = ""; search(); } }
box?.addEventListener("input", search);
$("#palette-open")?.addEventListener("click", openPalette);
palette?.addEventListener("keydown", (event) => {
  const links = $$("a", results);
  const at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown") { event.preventDefault(); links[Math.min(at + 1, links.length - 1)]?.focus(); }
  if (event.key === "ArrowUp") { event.preventDefault(); (at <= 0 ? box : links[at - 1]).focus(); }
  if (event.key === "Enter" && document.activeElement === box) links[0]?.click();
});

// keys
let going = false;
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") { event.preventDefault(); openPalette(); return; }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") { document.activeElement?.form?.requestSubmit(); return; }
  if (typing() || $("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) {
    if (event.key === "Escape") document.activeElement?.blur?.();
    return;
  }
  if (going) {
    going = false;
    const link = $(`nav a[data-key="${event.key}"]`);
    if (link) location.href = link.href;
    return;
  }
  const rows = $$("#main tbody tr");
  const at = rows.findIndex((row) => row.classList.contains("at"));
  const move = (to) => { rows[at]?.classList.remove("at"); rows[to]?.classList.add("at"); rows[to]?.scrollIntoView({ block: "nearest" }); };
  if (event.key === "/") { event.preventDefault(); const own = $("#main input[type=search]"); own ? own.focus() : openPalette(); }
  if (event.key === "?") $("#keys")?.showModal();
  if (event.key === "g") { going = true; setTimeout(() => { going = false; }, 1500); }
  if (event.key === "j" && rows.length) move(Math.min(at + 1, rows.length - 1));
  if (event.key === "k" && rows.length) move(Math.max(at - 1, 0));
  if (event.key === "Enter" && at >= 0) $("a", rows[at])?.click();
});

// forms: one press is one act
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.target.method === "dialog") return;
  setTimeout(() => { button.disabled = true; }, 0);
  setTimeout(() => { button.disabled = false; }, 8000);
});
$$("input[type=search][data-live-search]").forEach((field) => {
  let timer = null;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const url = new URL(location.href);
      url.searchParams.set("q", field.value);
      const answer = await fetch(url);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      $("#found").replaceWith($("#found", fresh));
      history.replaceState(null, "", url);
    }, 180);
  });
});

// map: drag and wheel on an SVG
const map = $("svg.map");
if (map) {
  const view = () => map.getAttribute("viewBox").split(" ").map(Number);
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y, w, h] = view();
    const scale = event.deltaY > 0 ? 1.2 : 1 / 1.2;
    const frame = map.getBoundingClientRect();
    const px = x + ((event.clientX - frame.left) / frame.width) * w;
    const py = y + ((event.clientY - frame.top) / frame.height) * h;
    map.setAttribute("viewBox", [px - (px - x) * scale, py - (py - y) * scale, w * scale, h * scale].join(" "));
  }, { passive: false });
  let drag = null;
  map.addEventListener("pointerdown", (event) => { drag = [event.clientX, event.clientY, ...view()]; });
  map.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const frame = map.getBoundingClientRect();
    const [sx, sy, x, y, w, h] = drag;
    map.setAttribute("viewBox", [x - ((event.clientX - sx) / frame.width) * w, y - ((event.clientY - sy) / frame.height) * h, w, h].join(" "));
  });
  addEventListener("pointerup", () => { drag = null; });
}
