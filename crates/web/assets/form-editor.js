// The editor of a form: what is typed is stored on the server as one types, and the parts of the page that
// it changes are put in their places. Without this script each item's own button stores it.
(() => {
  const editor = document.querySelector("[data-form-editor]");
  if (!editor) return;
  const PAUSE = 600; // milliseconds without a keystroke before it is sent
  const RETRY = 3000; // milliseconds before the server is asked again
  document.documentElement.classList.add("has-script");

  const waiting = new Map(); // form -> how often it was changed
  let timer = null;
  let running = null;

  const say = (words, isBad) => {
    const place = document.getElementById("lagret");
    if (!place) return;
    place.textContent = words;
    place.classList.toggle("bad", Boolean(isBad));
  };

  // A field by its name and its place among those of the same name: its form may be another by now.
  const placeOf = (field) => {
    const form = field.form;
    const same = [...form.elements].filter((one) => one.name === field.name);
    return { id: form.id, name: field.name, index: same.indexOf(field),
      start: field.selectionStart, end: field.selectionEnd };
  };
  const focusOn = (place) => {
    const form = document.getElementById(place.id);
    const field = form && [...form.elements].filter((one) => one.name === place.name)[place.index];
    if (!field) return;
    field.focus();
    if (typeof place.start === "number") field.setSelectionRange(place.start, place.end);
  };

  // Takes what the server answered apart, and puts each part where the one of the same id was.
  function take(html, form, isNewest) {
    const answer = new DOMParser().parseFromString(html, "text/html").body;
    const active = document.activeElement;
    const focus = active?.form === form && active.name ? placeOf(active) : null;
    for (const part of [...answer.children]) {
      const old = part.id && document.getElementById(part.id);
      // What is being typed is never overwritten.
      if (!old || (part.matches("form") && !isNewest)) continue;
      const open = new Set([...old.querySelectorAll("details[open]")].map((one) => one.className));
      old.replaceWith(part);
      for (const one of part.querySelectorAll("details")) if (open.has(one.className)) one.open = true;
      if (focus && part.id === focus.id) focusOn(focus);
    }
    const version = document.getElementById("lagret")?.dataset.versjon;
    if (version) for (const field of editor.querySelectorAll('input[name="versjon"]')) field.value = version;
  }

  async function send(form) {
    const edited = waiting.get(form);
    const response = await fetch(form.action, {
      method: "POST",
      headers: { "HX-Request": "true" },
      body: new URLSearchParams(new FormData(form)),
      keepalive: true,
    });
    if (response.status === 409) {
      // Another's text: the page shows both, and what was typed goes along.
      waiting.delete(form);
      form.requestSubmit();
      return;
    }
    if (response.redirected) {
      waiting.clear();
      location.assign(response.url);
      return;
    }
    const html = await response.text();
    if (!response.ok) {
      waiting.delete(form);
      const words = new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
      say(words || editor.dataset.failed, true);
      return;
    }
    const isNewest = waiting.get(form) === edited;
    if (isNewest) waiting.delete(form);
    take(html, form, isNewest);
    attempt();
  }

  async function flush() {
    clearTimeout(timer);
    if (running) await running.catch(() => {});
    running = (async () => {
      for (const form of [...waiting.keys()]) await send(form);
    })();
    try {
      await running;
    } catch {
      say(editor.dataset.failed, true);
      timer = setTimeout(flush, RETRY);
    } finally {
      running = null;
    }
  }

  // The preview: answered again with each answer and each change of the form. One request at a time; what
  // was answered meanwhile is asked for next.
  let asked = 0;
  let answering = null;
  async function attempt(submitter = null) {
    asked += 1;
    if (answering && !submitter) return;
    const old = document.getElementById("forhandsvisning");
    const form = document.getElementById("proving");
    if (!old) return;
    const now = asked;
    const body = form ? new FormData(form, submitter) : new FormData(editor.querySelector("form"));
    answering = fetch(`${location.pathname.split("/").slice(0, 3).join("/")}/prov`, {
      method: "POST", headers: { "HX-Request": "true" }, body: new URLSearchParams(body),
    }).then((response) => (response.ok ? response.text() : ""), () => "");
    const html = await answering;
    answering = null;
    if (html && (now === asked || submitter)) {
      const part = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
      const active = document.activeElement;
      const focus = active?.form === form && active.id;
      const [start, end] = focus ? [active.selectionStart, active.selectionEnd] : [];
      document.getElementById("forhandsvisning").replaceWith(part);
      const again = focus && document.getElementById(focus);
      if (again) {
        again.focus({ preventScroll: true });
        if (typeof start === "number") again.setSelectionRange(start, end);
      }
    }
    if (now !== asked) attempt();
  }

  let trying = null;
  editor.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.id === "proving") {
      clearTimeout(trying);
      trying = setTimeout(() => attempt(), 200);
      return;
    }
    if (!form?.hasAttribute("data-autosave")) return;
    waiting.set(form, (waiting.get(form) ?? 0) + 1);
    say(editor.dataset.unsaved);
    clearTimeout(timer);
    timer = setTimeout(flush, PAUSE);
  });

  // A button waits for what is being stored.
  editor.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.id === "proving") {
      event.preventDefault();
      attempt(event.submitter);
      return;
    }
    waiting.delete(form.hasAttribute("data-autosave") ? form : null);
    if (!running && waiting.size === 0) return;
    event.preventDefault();
    const submitter = event.submitter;
    flush().then(() => {
      if (waiting.size === 0) form.requestSubmit(submitter?.isConnected ? submitter : undefined);
    });
  });

  window.addEventListener("beforeunload", (event) => {
    if (waiting.size > 0) event.preventDefault();
  });

  // An address that names an item opens it.
  const open = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named?.matches("details")) named.open = true;
  };
  window.addEventListener("hashchange", open);
  open();
})();
