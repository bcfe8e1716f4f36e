// Dragging over a curve shows that part of time: the window goes into the address, so that back works.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LEAST_PIXELS = 12;
  const DAY = 86_400_000;
  let drag = null;

  const iso = (days) => new Date(Math.round(days) * DAY).toISOString().slice(0, 10);
  const inDrawing = (svg, event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return Math.min(Math.max(point.x, Number(svg.dataset.start)), Number(svg.dataset.end));
  };
  const days = (svg, x) => {
    const { low, high, start, end } = svg.dataset;
    return Number(low) + ((x - start) / (end - start)) * (high - low);
  };
  const stop = () => { drag?.part.remove(); drag = null; };

  const ready = () => {
    for (const zoomable of document.querySelectorAll(".zoomable")) zoomable.classList.add("can-drag");
    for (const hint of document.querySelectorAll(".zoom-hint")) {
      hint.hidden = !hint.parentElement.querySelector(".zoomable svg[data-low]");
    }
  };

  document.addEventListener("pointerdown", (event) => {
    const svg = event.target.closest?.(".zoomable svg[data-low]");
    if (!svg || event.button !== 0 || event.pointerType === "touch") return;
    const part = document.createElementNS(SVG, "rect");
    part.setAttribute("class", "zoom-part");
    part.setAttribute("y", "0");
    part.setAttribute("height", "100%");
    svg.append(part);
    drag = { svg, part, from: inDrawing(svg, event), to: null };
    event.preventDefault();
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.to = inDrawing(drag.svg, event);
    drag.part.setAttribute("x", String(Math.min(drag.from, drag.to)));
    drag.part.setAttribute("width", String(Math.abs(drag.to - drag.from)));
  });
  document.addEventListener("pointerup", () => {
    if (!drag) return;
    const { svg, from, to } = drag;
    stop();
    if (to === null || Math.abs(to - from) < LEAST_PIXELS) return;
    const [low, high] = [iso(days(svg, Math.min(from, to))), iso(days(svg, Math.max(from, to)))];
    if (low === high) return;
    const address = new URL(location.href);
    address.searchParams.delete("periode");
    address.searchParams.set("fra", low);
    address.searchParams.set("til", high);
    location.assign(address);
  });
  document.addEventListener("pointercancel", stop);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") stop(); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
