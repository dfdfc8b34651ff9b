// A document is sent with its progress: how much has gone, then how long it has been read. A refusal
// is shown beside the form, so that another file can be chosen at once.
import { $ } from "./page";
import { t } from "./words";

const TICK_MS = 500;
type Refused = { error?: { message: string; place: string; mend: string } };

export function startUpload(): void {
  const form = $<HTMLFormElement>("form[data-upload]");
  if (!form) return;
  for (const name of ["dragenter", "dragover"]) form.addEventListener(name, () => form.classList.add("over"));
  for (const name of ["dragleave", "drop"]) form.addEventListener(name, () => form.classList.remove("over"));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
}

function send(form: HTMLFormElement): void {
  const said = $("[data-progress]", form);
  const button = $<HTMLButtonElement>("button.act", form);
  const call = new XMLHttpRequest();
  let read = 0;
  const say = (text: string): void => { if (said) said.textContent = text; };
  const done = (): void => { clearInterval(read); if (button) button.disabled = false; say(""); };
  call.upload.onprogress = (e) => { if (e.lengthComputable) say(t("已送出 %(n)d%", { n: Math.floor((100 * e.loaded) / e.total) })); };
  call.upload.onload = () => {
    const since = Date.now();
    read = window.setInterval(() => say(t("正在读，%(n)d 秒", { n: Math.round((Date.now() - since) / 1000) })), TICK_MS);
    say(t("正在读，%(n)d 秒", { n: 0 }));
  };
  call.onload = () => { done(); if (call.status < 400) location.href = call.responseURL; else refuse(form, call.responseText); };
  call.onerror = () => { done(); refuse(form, ""); };
  call.open("POST", form.action);
  call.setRequestHeader("Accept", "application/json");
  call.send(new FormData(form));
  if (button) button.disabled = true;
}

function refuse(form: HTMLFormElement, text: string): void {
  const box = $("[data-refusal]", form);
  if (!box) return;
  let found: Refused = {};
  try { found = JSON.parse(text) as Refused; } catch { found = {}; }
  const own = found.error ?? { message: t("没有送到"), place: "", mend: t("请看网络是否连着，再送一次") };
  box.replaceChildren();
  const head = document.createElement("b");
  head.textContent = own.message;
  box.append(head);
  for (const line of [own.place, own.mend].filter(Boolean)) {
    const part = document.createElement("p");
    part.textContent = line;
    box.append(part);
  }
  box.hidden = false;
  const key = $<HTMLInputElement>("input[name=request_key]", form);
  if (key) key.value = crypto.randomUUID?.().replaceAll("-", "") ?? String(Math.random()).slice(2).padEnd(16, "0");
}
