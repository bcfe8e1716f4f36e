// What the pages do beyond links and forms: `/` to the search box, arrows through the hits,
// closing what was opened, and keeping the keyboard's place when a section is swapped.
// Reading works without any of it.
(() => {
  const box = () => document.getElementById("q");
  const hits = () => [...document.querySelectorAll("#hits a.hit")];
  const writing = (element) => element.matches("input, textarea, select, [contenteditable]");

  // `autofocus` waits for the first painted frame, which may come after the first keystrokes.
  const first = document.querySelector("[autofocus]");
  if (first && document.activeElement === document.body) first.focus();

  // What is written beside a chart stays in sight below the banner, however high that is.
  const banner = document.querySelector(".banner");
  if (banner) {
    new ResizeObserver(() => {
      document.documentElement.style.setProperty("--banner-height", `${banner.offsetHeight}px`);
    }).observe(banner);
  }

  function slash(event) {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key !== "/" || !plain || writing(event.target) || !box()) return false;
    box().focus();
    box().select();
    return true;
  }

  function arrows(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const list = hits();
    const inSearch = event.target === box() || event.target.closest("#hits");
    if (!step || !inSearch || list.length === 0) return false;
    const place = list.indexOf(document.activeElement) + step;
    if (place < 0) box().focus();
    else list[Math.min(place, list.length - 1)].focus();
    return true;
  }

  // Enter in the box opens the only hit; with more of them, or none yet, the form is sent.
  function enter(event) {
    const list = hits();
    if (event.key !== "Enter" || event.target !== box() || list.length !== 1) return false;
    if (list[0].closest("#hits").dataset.query !== box().value.trim()) return false;
    list[0].click();
    return true;
  }

  // Hits that were closed stay closed when an answer to what was typed before comes late.
  let closed = null;
  function escape(event) {
    const over = document.querySelector(".hits-over");
    if (event.key !== "Escape" || !over || over.childElementCount === 0) return false;
    closed = box().value;
    over.replaceChildren();
    box().focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (slash(event) || arrows(event) || enter(event) || escape(event)) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close]");
    if (close) {
      const reading = document.getElementById(close.dataset.close);
      const link = reading.closest("li").querySelector("a");
      reading.replaceChildren();
      link.focus();
    } else if (!event.target.closest(".find")) {
      document.querySelector(".hits-over")?.replaceChildren();
    }
  });

  document.addEventListener("input", () => { closed = null; });
  document.addEventListener("htmx:before:swap", (event) => {
    if (event.target === box() && closed === box().value) event.preventDefault();
  });

  // Whoever unfolds a section by keyboard goes on reading at its heading; an opened document is
  // read from its beginning.
  let asked = null;
  document.addEventListener("htmx:before:request", (event) => { asked = event.target; });
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail?.ctx?.target;
    const id = target instanceof Element ? target.id : "";
    const now = id && document.getElementById(id);
    if (!now) return;
    if (id === "hits") {
      now.dataset.query = box().value.trim();
    } else if (asked?.matches("a.more, a.chip, form.narrow")) {
      now.querySelector("h2")?.focus({ preventScroll: true });
      now.scrollIntoView({ block: "nearest" });
    } else if (now.matches(".reading")) {
      now.querySelector(".close")?.focus({ preventScroll: true });
    }
  });
})();
