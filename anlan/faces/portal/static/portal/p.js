"use strict";
// Keeps what was typed until it has arrived, and adds the households up while they are tapped.
const form = document.querySelector("form[data-keep]");
const key = "anlan:" + location.pathname;
if (form) {
  const kept = JSON.parse(localStorage.getItem(key) ?? "null");
  if (kept && !location.search.includes("done")) for (const [name, value] of Object.entries(kept)) {
    const field = form.elements[name];
    if (field instanceof RadioNodeList || field?.type !== "hidden") if (field) field.value = value;
  } else if (location.search.includes("done")) localStorage.removeItem(key);
  const add = () => {
    const out = document.querySelector("[data-sum]");
    if (!out) return;
    let moved = 0, left = 0;
    form.querySelectorAll("[data-people]").forEach((home) => {
      const where = home.querySelector("input:checked")?.value;
      const people = Number(home.dataset.people);
      if (["sheltered", "relatives", "elsewhere"].includes(where)) moved += people; else left += people;
    });
    const figures = { a: moved, b: left, c: moved + left };
    out.textContent = out.dataset.sum.replace(/{(\w)}/g, (_all, name) => String(figures[name]));
  };
  form.addEventListener("input", () => {
    const data = Object.fromEntries([...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string"));
    localStorage.setItem(key, JSON.stringify(data));
    add();
  });
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    const note = document.querySelector("[data-offline]");
    if (note) note.hidden = false;
    addEventListener("online", () => form.submit(), { once: true });
  });
  add();
}
const place = document.querySelector("[data-place]");
place?.addEventListener("click", () => navigator.geolocation?.getCurrentPosition((where) => {
  form.elements.lat.value = where.coords.latitude.toFixed(6);
  form.elements.lon.value = where.coords.longitude.toFixed(6);
  place.textContent = form.dataset.placed;
}));
