// A form filled without network stays on this telephone and is sent once there is one again, once
// only: it carries its request key, and the time at which it was filled. Only whoever filled it
// sends it. What a form asks under a condition shows when the condition holds.
import { $, $$ } from "./page";
import { t } from "./words";

const BASE = "anlan-forms", STORE = "waiting";
const WAITING_MAX = 50;
type Part = [string, string | File];
type Kept = { key: string; who: string; url: string; parts: Part[]; refused?: boolean };

export function startOffline(): void {
  for (const form of $$<HTMLFormElement>("form[data-offline]")) {
    form.addEventListener("submit", (event) => {
      if (navigator.onLine) return;
      event.preventDefault();
      void keep(form);
    });
    for (const input of $$<HTMLInputElement>("input[type=file][capture]", form)) input.addEventListener("change", () => place(form));
    conditions(form);
  }
  if (!$("[data-who]")) return;
  addEventListener("online", () => void send());
  if (navigator.onLine) void send();
}

/** Where the telephone is, if its owner lets the page know. */
function place(form: HTMLFormElement): void {
  navigator.geolocation?.getCurrentPosition((found) => {
    for (const [name, value] of [["lat", found.coords.latitude], ["lon", found.coords.longitude]] as const) {
      const input = $<HTMLInputElement>(`input[name=${name}]`, form);
      if (input) input.value = value.toFixed(6);
    }
  }, () => undefined, { enableHighAccuracy: true, timeout: 10_000 });
}

function conditions(form: HTMLFormElement): void {
  const asked = $$<HTMLElement>("[data-when]", form);
  const look = (): void => {
    for (const input of asked) {
      const [name, values] = (input.dataset.when ?? "=").split("=");
      const said = $<HTMLSelectElement>(`[name="${name}"]`, form)?.value ?? "";
      const box = input.closest("div");
      if (box) box.hidden = !(values ?? "").split("|").includes(said);
    }
  };
  form.addEventListener("change", look);
  look();
}

async function keep(form: HTMLFormElement): Promise<void> {
  const moment = $<HTMLInputElement>("input[name=happened_at]", form);
  if (moment && !moment.value) moment.value = wallClock(new Date());
  const parts = [...new FormData(form)].filter(([, value]) => typeof value === "string" || value.size > 0) as Part[];
  const key = String(parts.find(([name]) => name === "request_key")?.[1] ?? "");
  const all = await waiting();
  if (all.length >= WAITING_MAX) { say(t("存在这部手机上的太多，先连上网络送出")); return; }
  try {
    await change((store) => store.put({ key, who: who(), url: form.action || location.href, parts } satisfies Kept));
  } catch { say(t("这部手机存不下，请先记在纸上")); return; }
  form.reset();
  for (const button of $$<HTMLButtonElement>("button", form)) button.disabled = true;
  say(t("没有网络，已存在这部手机上，连上后自动送出"));
}

/** The county's wall clock, to the minute, wherever the telephone thinks it is. */
function wallClock(now: Date): string {
  return new Date(now.getTime() + 8 * 3_600_000).toISOString().slice(0, 16);
}

async function send(): Promise<void> {
  let sent = 0;
  for (const own of (await waiting()).filter((one) => one.who === who())) {
    if (own.refused) { giveBack(own); continue; }
    const body = new FormData();
    const token = $<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value;
    for (const [name, value] of own.parts) body.append(name, name === "csrfmiddlewaretoken" && token ? token : value);
    let answer: Response;
    try { answer = await fetch(own.url, { method: "POST", body, headers: { Accept: "application/json" } }); } catch { return; }
    if (answer.url.includes("/accounts/login/") || answer.status >= 500) return;
    if (!answer.ok) {
      await change((store) => store.put({ ...own, refused: true }));
      giveBack(own);
      continue;
    }
    await change((store) => store.delete(own.key));
    sent += 1;
  }
  if (sent) say(t("存着的 %(n)d 份表已送出", { n: sent }));
}

/** What was not taken in stays readable here until its owner throws it away. */
function giveBack(own: Kept): void {
  const box = $("[data-kept]");
  if (!box) return;
  box.hidden = false;
  const line = document.createElement("p");
  const words = own.parts.filter(([name, value]) => name.startsWith("v-") && typeof value === "string" && value);
  line.textContent = `${t("有一份存着的表没有收下，请打开那件事重新填")} ${words.map(([, value]) => value as string).join("；")} `;
  const link = document.createElement("a");
  link.href = own.url;
  link.textContent = t("打开");
  const drop = document.createElement("button");
  drop.type = "button";
  drop.textContent = t("丢掉");
  drop.addEventListener("click", () => { void change((store) => store.delete(own.key)); line.remove(); });
  line.append(link, " ", drop);
  box.append(line);
}

const who = (): string => $("[data-who]")?.dataset.who ?? "";

function say(text: string): void {
  const box = $("[data-kept]");
  if (!box) return;
  box.textContent = text;
  box.hidden = false;
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const asked = indexedDB.open(BASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "key" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function change(act: (store: IDBObjectStore) => void): Promise<void> {
  const base = await open();
  await new Promise<void>((done, failed) => {
    const turn = base.transaction(STORE, "readwrite");
    act(turn.objectStore(STORE));
    turn.oncomplete = () => done();
    turn.onerror = () => failed(turn.error);
  });
  base.close();
}

async function waiting(): Promise<Kept[]> {
  const base = await open();
  const found = await new Promise<Kept[]>((done, failed) => {
    const asked = base.transaction(STORE).objectStore(STORE).getAll();
    asked.onsuccess = () => done(asked.result as Kept[]);
    asked.onerror = () => failed(asked.error);
  });
  base.close();
  return found;
}
