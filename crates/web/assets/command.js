// The command box: Ctrl+K anywhere. Its entries are the links and buttons of the page's own menus, so
// that nothing can be done from it that the page does not offer, and nothing is missing; patients
// come from the search.
(() => {
  const box = document.getElementById("command");
  if (!box) return;
  const field = box.querySelector("input");
  const list = box.querySelector("[role=listbox]");
  const said = box.querySelector("[role=status]");
  const words = (text) => text.toLocaleLowerCase("nb").split(/\s+/).filter(Boolean);

  // What an element is called, without what only marks it: a key, a number that waits.
  function name(element) {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("kbd, [data-tally], [data-tally] + .ds-sr-only").forEach((one) => one.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  }
  const SOURCES = [
    ["patient", ".banner .actions a, .banner .actions button, .medicine-deeds a"],
    ["pages", "#menu a, .top .brand, .top .who a, .top .who form button"],
    ["sections", ".contents a"],
  ];

  let entries = [];
  function collect() {
    const seen = new Set();
    entries = SOURCES.flatMap(([group, selector]) => [...document.querySelectorAll(selector)].flatMap((element) => {
      const label = name(element);
      const key = element.href ?? label;
      if (!label || seen.has(key) || element.matches(".brand")) return [];
      seen.add(key);
      return [{ group, label, go: () => element.click() }];
    }));
  }

  let shown = [];
  let chosen = 0;
  function choose(place) {
    const options = [...list.querySelectorAll("[role=option]")];
    chosen = Math.max(0, Math.min(place, options.length - 1));
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    if (options[chosen]) {
      field.setAttribute("aria-activedescendant", options[chosen].id);
      options[chosen].scrollIntoView({ block: "nearest" });
    } else {
      field.removeAttribute("aria-activedescendant");
    }
  }

  function draw(found, keep = 0) {
    shown = found;
    list.replaceChildren();
    let group = null;
    found.forEach((entry, at) => {
      if (group?.dataset.of !== entry.group) {
        group = document.createElement("div");
        group.setAttribute("role", "group");
        group.dataset.of = entry.group;
        group.setAttribute("aria-label", box.dataset[entry.group]);
        const heading = document.createElement("div");
        heading.className = "heading";
        heading.setAttribute("aria-hidden", "true");
        heading.textContent = box.dataset[entry.group];
        group.append(heading);
        list.append(group);
      }
      const option = document.createElement("div");
      option.setAttribute("role", "option");
      option.id = `command-${at}`;
      option.append(entry.label);
      if (entry.more) {
        const more = document.createElement("span");
        more.textContent = entry.more;
        option.append(more);
      }
      option.addEventListener("click", () => run(at));
      option.addEventListener("mousemove", () => { if (chosen !== at) choose(at); });
      group.append(option);
    });
    field.setAttribute("aria-expanded", String(found.length > 0));
    choose(keep);
  }

  function run(place) {
    const entry = shown[place];
    if (!entry) return;
    box.close();
    entry.go();
  }

  const fits = (entry, asked) => {
    const text = words(entry.label);
    return asked.every((word) => text.some((one) => one.startsWith(word)));
  };
  let asking = null;
  async function people(text) {
    asking?.abort();
    asking = new AbortController();
    const answer = await fetch(`/pasienter?q=${encodeURIComponent(text)}`, {
      headers: { "HX-Request": "true" }, signal: asking.signal,
    });
    if (!answer.ok) return [];
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = (hit, of) => hit.querySelector(of)?.textContent.trim() ?? "";
    return [...page.querySelectorAll("a.hit")].slice(0, 12).map((hit) => ({
      group: "people",
      label: `${part(hit, ".hit-name")}, ${part(hit, ".hit-age")}`,
      more: part(hit, ".hit-number"),
      go: () => location.assign(hit.getAttribute("href")),
    }));
  }

  let pause = 0;
  function look() {
    const text = field.value.trim();
    const asked = words(text);
    const own = entries.filter((entry) => fits(entry, asked));
    draw(own);
    said.textContent = "";
    clearTimeout(pause);
    asking?.abort();
    if (text.length < 2) return;
    pause = setTimeout(async () => {
      try {
        const found = await people(text);
        draw([...own, ...found], chosen);
        said.textContent = own.length + found.length === 0 ? box.dataset.none : "";
      } catch {
        // Overtaken by the next letter, or the network is away: what is shown stays.
      }
    }, 100);
  }

  function open() {
    if (box.open) { box.close(); return; }
    collect();
    field.value = "";
    box.showModal();
    look();
    field.focus();
  }

  field.addEventListener("input", look);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) choose(chosen + step);
    else if (event.key === "Enter") run(chosen);
    // A search field would only be emptied by it.
    else if (event.key === "Escape") box.close();
    else return;
    event.preventDefault();
  });
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  for (const button of document.querySelectorAll("[data-command-open]")) {
    button.hidden = false;
    button.addEventListener("click", open);
  }
  document.addEventListener("keydown", (event) => {
    const plain = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    if (!plain || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    open();
  });
})();
