"use strict";
// Live by long polling; j k move, enter opens, / searches, escape goes back.
const turn = Number(document.body.dataset.turn);
const typing = () => document.activeElement && document.activeElement.tagName === "INPUT";

async function watch(seen) {
  try {
    const answer = await fetch(`/api/wait?turn=${seen}`);
    const now = (await answer.json()).turn;
    if (now !== seen) await refresh();
    watch(now);
  } catch {
    setTimeout(() => watch(seen), 2000);
  }
}

async function refresh() {
  if (typing() && document.activeElement.value) return;
  const page = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(page, "text/html");
  const focused = document.activeElement && document.activeElement.getAttribute("href");
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
  if (focused) document.querySelector(`a[href="${focused}"]`)?.focus();
}

document.addEventListener("keydown", (event) => {
  if (typing()) {
    if (event.key === "Escape") document.activeElement.blur();
    return;
  }
  const links = [...document.querySelectorAll(".phones a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "j") links[Math.min(at + 1, links.length - 1)]?.focus();
  if (event.key === "k") links[Math.max(at - 1, 0)]?.focus();
  if (event.key === "Escape") location.href = "/";
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector("input[type=search], input[name=text]")?.focus();
  }
});
watch(turn);
