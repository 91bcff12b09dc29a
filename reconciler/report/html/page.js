"use strict";
(() => {
  const opened = [];
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => {
    if (!one.open) { opened.push(one); one.open = true; }
  }));
  window.addEventListener("afterprint", () => opened.splice(0).forEach((one) => { one.open = false; }));
  const form = document.getElementById("filters");
  if (!form) return;
  const entries = [...document.querySelectorAll(".entry")];
  const texts = entries.map((entry) => entry.textContent.toLowerCase());
  const search = document.getElementById("search");
  const selects = [...form.querySelectorAll("select")];
  const button = document.getElementById("all");
  const count = document.getElementById("count");
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    let resources = 0;
    entries.forEach((entry, number) => {
      const fits = words.every((word) => texts[number].includes(word)) && selects.every((select) =>
        !select.value || entry.dataset[select.dataset.filter].split("\n").includes(select.value));
      entry.hidden = !fits;
      shown += fits ? 1 : 0;
      resources += fits ? Number(entry.dataset.size) : 0;
    });
    count.textContent = `${shown} of ${entries.length} entries, ${resources} resources`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  button.addEventListener("click", () => {
    const open = button.textContent === "Open all";
    entries.filter((entry) => !entry.hidden).forEach((entry) => { entry.open = open; });
    button.textContent = open ? "Close all" : "Open all";
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      apply();
    }
  });
  form.hidden = false;
  apply();
})();
