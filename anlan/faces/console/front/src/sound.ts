// The alarm is heard though the tab sleeps. A tone that nobody hears (30 Hz, −60 dB) makes the tab
// count as one that plays, so the browser neither slows nor freezes it; a held lock says the same.
// The repeats of an alarm are laid on the audio clock at once, for a sleeping tab's timers are late.
import { $ } from "./page";
import { t } from "./words";

const HUM_HZ = 30;
const HUM_GAIN = 0.001;
const LOUD = 0.3;
const BEEP_S = 0.28;
const BEEPS = 3;
const REPEAT_S = 20;
const REPEATS_MAX = 15;
const KEPT = "anlan:sound";

let audio: AudioContext | null = null;
let letGo: (() => void) | null = null;
let tones: OscillatorNode[] = [];

function start(): void {
  audio ??= new AudioContext();
  void audio.resume();
  const hum = audio.createOscillator();
  const gain = audio.createGain();
  hum.frequency.value = HUM_HZ;
  gain.gain.value = HUM_GAIN;
  hum.connect(gain).connect(audio.destination);
  hum.start();
  audio.onstatechange = show;
  void navigator.locks?.request(`anlan-sound-${Math.random()}`, () => new Promise<void>((done) => { letGo = done; }));
}

function stop(): void {
  hush();
  void audio?.close();
  audio = null;
  letGo?.();
  letGo = null;
}

/** Three beeps, again every 20 s for five minutes, until a person is at the desk. */
export function ring(): void {
  document.title = "▲ " + document.title.replace(/^▲ /, "");
  if (globalThis.Notification?.permission === "granted" && document.hidden)
    new Notification(t("安澜：有警报"), { tag: "anlan-alarm", requireInteraction: true });
  if (!audio) return;
  hush();
  for (let turn = 0; turn < REPEATS_MAX; turn += 1) beeps(audio, audio.currentTime + turn * REPEAT_S);
}

function beeps(own: AudioContext, at_s: number): void {
  for (let beep = 0; beep < BEEPS; beep += 1) {
    const tone = own.createOscillator();
    const gain = own.createGain();
    tone.frequency.value = beep % 2 ? 660 : 880;
    gain.gain.value = LOUD;
    tone.connect(gain).connect(own.destination);
    tone.start(at_s + beep * (BEEP_S + 0.07));
    tone.stop(at_s + beep * (BEEP_S + 0.07) + BEEP_S);
    tones.push(tone);
  }
}

/** Somebody is here: no further repeats. */
function hush(): void {
  for (const tone of tones) try { tone.stop(); } catch { /* it had ended */ }
  tones = [];
}

function show(): void {
  const button = $("#sound");
  if (!button) return;
  const on = audio !== null;
  const blocked = on && audio?.state !== "running";
  button.setAttribute("aria-pressed", String(on));
  button.textContent = !on ? t("声音关") : blocked ? t("点一下才有声") : t("声音开");
}

/** The choice is kept over pages; where the browser wants a gesture first, the button says so. */
export function startSound(): void {
  const button = $("#sound");
  if (!button) return;
  if (localStorage.getItem(KEPT) === "on") start();
  show();
  button.addEventListener("click", () => {
    if (audio && audio.state === "running") { stop(); localStorage.setItem(KEPT, "off"); }
    else { if (audio) void audio.resume(); else { start(); ring(); hushSoon(); } localStorage.setItem(KEPT, "on"); void globalThis.Notification?.requestPermission?.(); }
    show();
  });
  for (const kind of ["pointerdown", "keydown"])
    addEventListener(kind, (event) => {
      if (event.target !== button) hush();
      if (audio?.state === "suspended") void audio.resume();
    });
}

/** Switching on is heard once. */
function hushSoon(): void {
  const own = audio;
  setTimeout(() => { if (audio === own) hush(); }, (BEEPS * (BEEP_S + 0.07) + 0.3) * 1000);
}
