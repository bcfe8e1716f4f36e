// An open home stays true: asks every few seconds whether anything has changed, and only then reads
// its lists again; what somebody is writing in is left alone until they are done. What was signed can
// be undone for ten seconds. Reading and acting work without any of it.
(() => {
  const ASK_MILLISECONDS = 5000;
  const UNDO_MILLISECONDS = 10000;
  // Nobody pressed anything: it does not keep the login alive.
  const UNATTENDED = { headers: { "HX-Request": "true", "Akson-Unattended": "1" } };
  const day = () => document.getElementById("arbeidsdag");

  for (const link of document.querySelectorAll("#menu a")) {
    if (new URL(link.href).pathname === location.pathname) link.setAttribute("aria-current", "page");
  }
  if (!day()) return;

  // The numbers, in the lists' headings and in the top bar.
  function count() {
    for (const panel of document.querySelectorAll("[data-panel]")) {
      const heading = panel.querySelector(".tally[data-tally]");
      if (!heading) continue;
      const n = panel.querySelectorAll("li[data-waits]").length;
      for (const tally of document.querySelectorAll(`[data-tally="${heading.dataset.tally}"]`)) {
        tally.textContent = n;
        if (!tally.closest("#menu")) continue;
        tally.hidden = n === 0;
        if (tally.nextElementSibling) tally.nextElementSibling.hidden = n === 0;
      }
    }
  }

  // A list that somebody writes in, or can still undo something in, is not taken away.
  const waiting = new Map();
  const busy = (panel) => panel.querySelector("details[open], .undoable, .htmx-request")
    || (panel.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));

  // Where the keyboard is, so that it is there again in the new list.
  function place(panel) {
    const row = panel.contains(document.activeElement) && document.activeElement.closest("li[id]");
    if (!row) return () => {};
    const stops = (of) => [...of.querySelectorAll("a, button, summary")];
    const at = stops(row).indexOf(document.activeElement);
    return () => {
      const now = document.getElementById(row.id);
      (now && stops(now)[at])?.focus({ preventScroll: true });
    };
  }

  function settle() {
    for (const [id, next] of waiting) {
      const panel = document.getElementById(id);
      if (panel && busy(panel)) continue;
      waiting.delete(id);
      if (!panel) continue;
      const back = place(panel);
      panel.replaceWith(next);
      window.htmx?.process(next);
      back();
      count();
    }
  }

  async function read() {
    const answer = await fetch(location.pathname, UNATTENDED);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("arbeidsdag");
    if (!next) return;
    const here = day();
    for (const name of ["data-newest", "data-next", "data-unit", "data-over"]) {
      if (next.hasAttribute(name)) here.setAttribute(name, next.getAttribute(name));
      else here.removeAttribute(name);
    }
    for (const panel of next.querySelectorAll("[data-panel]")) waiting.set(panel.id, panel);
    settle();
  }

  let asking = false;
  async function ask() {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const { newest, next, unit, over } = day().dataset;
      const asked = new URLSearchParams({ siden: newest });
      if (next) asked.set("neste", next);
      if (unit !== undefined) asked.set("enhet", "");
      if (over !== undefined) asked.set("over", "");
      const answer = await fetch(`/min-dag/nytt?${asked}`, UNATTENDED);
      // When the login is over nothing is asked any more, and nothing that was typed is taken away.
      if (answer.status === 401) clearInterval(timer);
      else if (answer.status === 200) await read();
    } catch {
      // The network is away: asked again the next time.
    } finally {
      asking = false;
    }
  }
  const timer = setInterval(ask, ASK_MILLISECONDS);
  setInterval(settle, 1000);
  document.addEventListener("visibilitychange", ask);

  // After an act the keyboard goes on at the next row, and what can be undone goes after a while.
  const seen = new WeakSet();
  function tend() {
    for (const said of document.querySelectorAll(".workday .row-said, .dayline .undoable")) {
      if (seen.has(said)) continue;
      seen.add(said);
      if (said.dataset.again !== undefined) ask();
      if (said.matches(".undoable")) setTimeout(() => { said.remove(); settle(); }, UNDO_MILLISECONDS);
      const lost = document.activeElement === document.body || !document.activeElement;
      const next = said.nextElementSibling?.querySelector(".acts button, button, a");
      if (lost) (next ?? said.querySelector("button"))?.focus({ preventScroll: true });
    }
    count();
  }
  document.addEventListener("htmx:after:swap", tend);
  tend();

  // Opening an answer puts the cursor into it.
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.row-act[open]")) event.target.querySelector("textarea, input:not([type=hidden])")?.focus();
  }, true);
})();
