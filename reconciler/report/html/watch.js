"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const live = (text, on) => {
    byId("live").textContent = text;
    byId("live").className = `live ${on ? "on" : "off"}`;
  };
  const kept = () => ({
    focus: document.activeElement && document.activeElement.id,
    folds: new Map([...document.querySelectorAll("details")].map((one) => [one.id, one.open])),
    scrolls: new Map([...document.querySelectorAll(".wide")].map((one) => [one.id, one.scrollLeft])),
  });
  const restore = (before) => {
    document.querySelectorAll("details").forEach((one) => {
      if (before.folds.has(one.id)) one.open = before.folds.get(one.id);
    });
    document.querySelectorAll(".wide").forEach((one) => { one.scrollLeft = before.scrolls.get(one.id) || 0; });
    const focused = before.focus && byId(before.focus);
    if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true });
  };
  const renew = async () => {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const before = kept();
    for (const id of ["facts", "parts"]) byId(id).replaceWith(document.adoptNode(page.getElementById(id)));
    const line = page.getElementById("line");
    if (line.textContent !== byId("line").textContent) byId("line").textContent = line.textContent;
    byId("line").className = line.className;
    document.title = page.title;
    restore(before);
  };
  let asked = false;
  let busy = false;
  const turn = async () => {
    asked = true;
    if (busy) return;
    busy = true;
    while (asked) {
      asked = false;
      try {
        await renew();
        live("live", true);
      } catch {
        live("what is shown is not the newest", false);
      }
    }
    busy = false;
  };
  const connect = () => {
    const events = new EventSource("events");
    events.addEventListener("turn", turn);
    events.onerror = () => {
      live("the loop cannot be reached; trying again", false);
      if (events.readyState === EventSource.CLOSED) setTimeout(connect, 30000);
    };
  };
  connect();
})();
