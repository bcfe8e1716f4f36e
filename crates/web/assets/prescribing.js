// Prescribing in the chart: what was opened above the list takes the keyboard, and closes again; paper.
// All of it works as plain pages without this.
(() => {
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail?.ctx?.target;
    if (!(target instanceof Element) || target.id !== "resept") return;
    const slot = document.getElementById("resept");
    slot.scrollIntoView({ block: "nearest" });
    (slot.querySelector("textarea[required]") ?? slot.querySelector("[data-first], h2"))?.focus({ preventScroll: true });
  });
  document.addEventListener("click", (event) => {
    const drop = event.target.closest("[data-drop]");
    const slot = drop && document.getElementById(drop.dataset.drop);
    if (slot) {
      event.preventDefault();
      slot.replaceChildren();
      document.querySelector(".renew")?.focus();
    }
    if (event.target.closest("[data-print]")) window.print();
  });
})();
