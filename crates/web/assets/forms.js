// Filling in a form: each change is stored on the server, and what it changes on the page (conditions,
// calculated values, what is wrong) is swapped without touching what is being typed. Without this script the
// form's own buttons do the same.
//
// What the page says is stored, the server has answered for. Nothing is kept in the browser.
(() => {
  const PAUSE = 600; // milliseconds without a keystroke before it is sent
  const RETRY = 3000; // milliseconds before the server is asked again
  const form = document.querySelector("form#skjema");
  if (!form) return;
  const element = (id) => document.getElementById(id);
  const state = element("skjema-lagret");
  const say = (words, isBad = false) => {
    if (!state) return;
    state.textContent = words;
    state.classList.toggle("bad", isBad);
    state.dataset.state = isBad ? "bad" : words === form.dataset.saving || words === form.dataset.unsaved ? "waits" : "stored";
  };
  let edited = 0; // counts what was changed
  let stored = 0; // as far as the server has it
  let tellsMissing = form.elements.fortell?.value === "ja"; // somebody has tried to sign
  let timer = null;
  let running = Promise.resolve(null);
  let isOut = false; // the login is over: a new one has a new token
  let pending = null; // what was sent and not answered: it is sent again as it was, before anything newer

  // Makes `old` say what `fresh` says. Fields keep what is in them: the server's echo may be older.
  function sync(old, fresh) {
    for (const name of old.getAttributeNames()) {
      if (!fresh.hasAttribute(name) && !["value", "checked", "open"].includes(name)) old.removeAttribute(name);
    }
    for (const name of fresh.getAttributeNames()) {
      if (["value", "checked", "open"].includes(name) && old.matches("input:not([type=hidden]), select, textarea, details")) continue;
      if (old.getAttribute(name) !== fresh.getAttribute(name)) old.setAttribute(name, fresh.getAttribute(name));
    }
    if (old.matches("input, select, textarea")) return;
    const keyed = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
    // What is gone goes first, so that nothing that stays is moved and loses the focus.
    const stays = new Set([...fresh.children].map((child) => child.id));
    for (const [id, child] of keyed) {
      if (!stays.has(id)) child.remove();
    }
    let place = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const known = next.id ? keyed.get(next.id) : null;
      const same = known ?? (place && !place.id && !next.id && place.nodeName === next.nodeName ? place : null);
      if (!same) {
        old.insertBefore(next, place);
        continue;
      }
      if (same !== place) old.insertBefore(same, place);
      place = same.nextSibling;
      if (same.nodeType === Node.ELEMENT_NODE) sync(same, next);
      else if (same.nodeValue !== next.nodeValue) same.nodeValue = next.nodeValue;
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  function took(answer, upTo, isWhole) {
    if (form.elements.versjon) form.elements.versjon.value = answer.versjon;
    stored = Math.max(stored, upTo);
    // What was changed meanwhile would be drawn as it was: the next answer draws it.
    if (stored === edited || isWhole) {
      for (const html of answer.deler) {
        const holder = document.createElement("template");
        holder.innerHTML = html;
        const fresh = holder.content.firstElementChild;
        const old = fresh && element(fresh.id);
        if (!old) continue;
        if (isWhole && old.id === "skjema-felt") old.replaceWith(fresh);
        else sync(old, fresh);
      }
    }
    if (stored === edited) say(answer.lagret);
    return answer;
  }

  async function send(body, upTo, isWhole) {
    pending = { body, upTo, isWhole };
    let response;
    try {
      response = await fetch(form.action, {
        method: "POST", body, headers: { accept: "application/json" },
        redirect: "manual", signal: AbortSignal.timeout(15000),
      });
    } catch {
      return later();
    }
    if (response.type === "opaqueredirect" || response.status === 401) {
      isOut = true;
      return later(form.dataset.loggedOut);
    }
    const isJson = (response.headers.get("content-type") ?? "").includes("json");
    const answer = isJson ? await response.json().catch(() => null) : null;
    if (response.status >= 500 || response.status === 429) return later();
    pending = null;
    if (response.status === 409 && answer?.deler) {
      // Mine is kept by the button, made from the other's version.
      form.elements.versjon.value = answer.versjon;
      element("skjema-konflikt").hidden = false;
      say(form.dataset.conflict, true);
      return null;
    }
    if (!response.ok || !answer) {
      say(form.dataset.refused, true);
      return null;
    }
    return answer.videre ? answer : took(answer, upTo, isWhole);
  }

  /** Whether somebody has logged in again, in another window: the form then goes on with that login. */
  async function renewed() {
    const answer = await fetch(location.href, { redirect: "manual" }).catch(() => null);
    if (!answer?.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector("form#skjema input[name=skjema]")?.value;
    if (!token) return false;
    form.elements.namedItem("skjema").value = token;
    pending?.body.set("skjema", token);
    isOut = false;
    return true;
  }

  function later(words = form.dataset.offline) {
    say(words, true);
    clearTimeout(timer);
    timer = setTimeout(() => save(), RETRY);
    return null;
  }

  // One request at a time: each is made from the version that the one before left.
  function save(button = null) {
    clearTimeout(timer);
    const isBlocked = element("skjema-konflikt") && !element("skjema-konflikt").hidden;
    if (isBlocked && !button) return running;
    running = running.catch(() => {}).then(async () => {
      if (isOut && !(await renewed())) return later(form.dataset.loggedOut);
      if (pending) {
        const again = pending;
        if (!(await send(again.body, again.upTo, again.isWhole))) return null;
      }
      if (!button && stored === edited) return null;
      const body = new FormData(form, null);
      body.set("gjor", button?.value ?? "lagre");
      // What is only taken when it is sent is not carried along with every pause.
      if (!button) for (const file of form.querySelectorAll("input[type=file][data-once]")) body.delete(file.name);
      tellsMissing ||= button?.value === "signer";
      if (tellsMissing) body.set("fortell", "ja");
      if (stored !== edited) say(form.dataset.saving);
      const hasFile = [...form.querySelectorAll("input[type=file]")].some((file) => file.files.length);
      return send(body, edited, hasFile || /^(legg|fjern|tom):/.test(button?.value ?? ""));
    });
    return running;
  }

  function changed(pause) {
    edited += 1;
    say(form.dataset.unsaved);
    clearTimeout(timer);
    timer = setTimeout(() => save(), pause);
  }

  form.addEventListener("input", (event) => {
    const field = event.target;
    if (field.name === "hvorfor") return;
    const row = field.closest(".form-option");
    if (field.type === "text" && row) row.querySelector("input").checked = field.value !== "";
    if (field.type === "checkbox" && field.checked) {
      // An option that goes with no other takes the others away, and they take it away.
      const boxes = [...form.querySelectorAll(`input[type=checkbox][name="${CSS.escape(field.name)}"]`)];
      const alone = "exclusive" in field.dataset;
      for (const box of boxes) {
        if (box !== field && (alone || "exclusive" in box.dataset)) box.checked = false;
      }
    }
    changed(/^(radio|checkbox|file|select-one|select-multiple)$/.test(field.type) ? 0 : PAUSE);
  });

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    event.preventDefault();
    const conflict = element("skjema-konflikt");
    if (conflict) conflict.hidden = true;
    edited += 1;
    save(button).then((answer) => {
      if (!answer) return;
      if (answer.videre) {
        stored = edited;
        location.assign(answer.videre);
        return;
      }
      if (button?.value === "signer") {
        const summary = element("skjema-mangler");
        (summary.firstElementChild ? summary : element("skjema-avvist")).scrollIntoView({ block: "center" });
        summary.focus({ preventScroll: true });
      }
      focusAfter(button?.value ?? "");
    });
  });

  // The field that one more of something brought, or the button that stands where one was taken away.
  function focusAfter(act) {
    const [what, path] = act.split(":");
    if (!["legg", "fjern", "tom"].includes(what)) return;
    const item = element(`i${(what === "fjern" ? path.replace(/\.\d+$/, "") : path).replaceAll(".", "-")}`);
    const groups = item?.querySelectorAll(":scope > .form-group, :scope > .form-question") ?? [];
    const last = what === "legg" ? groups[groups.length - 1] : item;
    last?.querySelector("input:not([type=hidden]), select, textarea, button")?.focus();
  }

  window.addEventListener("online", () => save());
  window.addEventListener("beforeunload", (event) => {
    if (stored !== edited && form.dataset.unsaved) event.preventDefault();
  });
})();
