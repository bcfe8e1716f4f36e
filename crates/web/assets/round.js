// The round: seconds that are left to undo, the keyboard's place after a dose was dealt with.
// Giving works without any of it.
(() => {
  // Ten seconds to undo, told each second; then the way to correct it stands there.
  function count() {
    for (const form of document.querySelectorAll("form.undo[data-seconds]")) {
      const left = Number(form.dataset.seconds) - 1;
      form.dataset.seconds = left;
      if (left > 0) {
        form.querySelector(".undo-left").textContent = `(${left} s)`;
      } else {
        const change = form.parentElement.querySelector("a.change");
        const had = form.contains(document.activeElement);
        if (change) change.hidden = false;
        form.remove();
        if (had) change?.focus();
      }
    }
  }
  setInterval(count, 1000);

  document.addEventListener("htmx:after:swap", () => {
    const round = document.getElementById("runde");
    const key = round?.dataset.focus;
    if (key) {
      delete round.dataset.focus;
      document.getElementById(key)?.focus({ preventScroll: true });
      return;
    }
    // A panel that was unfolded is worked on at once.
    const panel = document.querySelector(".dose-more form.dose-panel:not([data-seen])");
    if (panel) {
      panel.dataset.seen = "";
      panel.querySelector("button, input:not([type=hidden])")?.focus({ preventScroll: true });
    }
  });

  // Escape closes what was unfolded in a row.
  document.addEventListener("keydown", (event) => {
    const more = event.key === "Escape" && event.target.closest?.(".dose-more");
    if (!more) return;
    const row = more.closest(".dose");
    more.replaceChildren();
    row.querySelector(".dose-act a")?.focus();
  });
})();
