// Writing a note: it is stored on the server as one types, on the version that it was made from. Without
// this script the form's own buttons do the same.
//
// What the server does not have yet lies in this browser (IndexedDB), by author and patient, so that a
// browser or a server that is killed loses nothing. It is taken away as soon as the server has the text,
// and at logout, and nobody else's is shown. See docs/notes.md.
(() => {
  const PAUSE = 700; // milliseconds without a keystroke before the text is sent
  const RETRY = 3000; // milliseconds before the server is asked again
  const AGE_MAX = 7 * 24 * 3600 * 1000; // after this nobody comes back for a text

  // One key, as on the buttons: `n` begins a note.
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (!plain || event.key.length !== 1 || typing(event.target)) return;
    const link = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  });

  // Ctrl+Enter signs what the page is for.
  document.addEventListener("keydown", (event) => {
    const sign = document.querySelector("[data-sign]");
    if (!sign || event.key !== "Enter" || event.repeat || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    sign.click();
  });

  const copies = (() => {
    let opened;
    const open = () => (opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open("akson-notes", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("unsent", { keyPath: "key" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    }));
    const act = async (mode, work) => {
      const store = (await open()).transaction("unsent", mode, { durability: "strict" });
      const request = work(store.objectStore("unsent"));
      return new Promise((resolve, reject) => {
        store.oncomplete = () => resolve(request.result);
        store.onerror = store.onabort = () => reject(store.error);
      });
    };
    return {
      put: (copy) => act("readwrite", (store) => store.put(copy)),
      drop: (key) => act("readwrite", (store) => store.delete(key)),
      all: () => act("readonly", (store) => store.getAll()),
      clear: () => act("readwrite", (store) => store.clear()),
    };
  })();

  // Whoever logs out leaves nothing behind; what is unsent is sent first.
  let flush = async () => {};
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches('form[action="/logg-ut"]') || form.dataset.cleared) return;
    event.preventDefault();
    form.dataset.cleared = "1";
    const late = new Promise((resolve) => setTimeout(resolve, 4000));
    Promise.race([flush(), late]).catch(() => {}).then(() => copies.clear()).catch(() => {})
      .then(() => form.submit());
  });

  const form = document.querySelector("form#notat");
  if (!form) return;
  document.documentElement.classList.add("has-script");
  const field = (name) => form.elements.namedItem(name);
  const element = (id) => document.getElementById(id);
  const text = element("tekst");
  const say = (words, isBad = false) => {
    element("notat-lagret").textContent = words;
    element("notat-lagret").classList.toggle("bad", isBad);
  };
  const owner = form.dataset.author;
  const copyKey = () => `${owner} ${form.dataset.patient} ${field("nokkel").value || field("notat").value}`;

  let edited = 0; // counts what was changed
  let stored = 0; // as far as the server has it
  let timer = null;
  let running = null;
  const sent = new Set(); // texts that this page has sent: none of them is another's

  const body = (extra = {}) => {
    const data = new URLSearchParams(new FormData(form));
    for (const [name, value] of Object.entries(extra)) data.set(name, value);
    return data;
  };

  function keep() {
    return copies.put({
      key: copyKey(), owner, patient: form.dataset.patient, at: Date.now(),
      note: field("notat").value, text: text.value, title: field("tittel").value,
    }).catch(() => {});
  }

  function changed() {
    edited += 1;
    if (stored === edited - 1) say(form.dataset.unsaved);
    keep();
    clearTimeout(timer);
    timer = setTimeout(() => save(), PAUSE);
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => save(), RETRY);
  }

  function took(answer, upTo) {
    const old = copyKey();
    field("notat").value = answer.notat;
    field("versjon").value = answer.versjon;
    element("notat-konflikt").hidden = true;
    if (location.pathname !== answer.adresse) history.replaceState(null, "", answer.adresse);
    stored = Math.max(stored, upTo);
    if (stored === edited) {
      say(answer.lagret);
      copies.drop(old).catch(() => {});
      window.dispatchEvent(new Event("akson:note-stored"));
    }
    for (const [id, html] of [["koder-valgte", answer.valgte], ["koder-forslag", answer.forslag]]) {
      const place = element(id);
      if (place.contains(document.activeElement) && !place.dataset.asked) continue;
      if (place.innerHTML !== html) place.innerHTML = html;
      delete place.dataset.asked;
    }
    return answer;
  }

  function conflicts(answer) {
    // What this page sent itself, and never heard of, is not another's.
    if (sent.has(answer.tekst)) {
      field("notat").value = answer.notat;
      field("versjon").value = answer.versjon;
      return true;
    }
    const panel = element("notat-konflikt");
    field("notat").value = answer.notat;
    panel.dataset.version = answer.versjon;
    element("notat-andre").value = answer.tekst;
    element("notat-bruk-andre").href = answer.adresse;
    panel.hidden = false;
    say(form.dataset.unsaved, true);
    return false;
  }

  async function send(extra) {
    const upTo = edited;
    sent.add(text.value.replace(/\r\n/g, "\n"));
    let response;
    try {
      response = await fetch(form.action, {
        method: "POST", body: body(extra), headers: { accept: "application/json" },
        redirect: "manual", signal: AbortSignal.timeout(15000),
      });
    } catch {
      say(form.dataset.offline, true);
      later();
      return null;
    }
    if (response.type === "opaqueredirect" || response.status === 401) {
      say(form.dataset.loggedOut, true);
      return null;
    }
    const isJson = (response.headers.get("content-type") ?? "").includes("json");
    const answer = isJson ? await response.json().catch(() => null) : null;
    if (response.status === 409 && answer?.notat) return conflicts(answer) ? send(extra) : null;
    if (response.status >= 500 || response.status === 429) {
      say(form.dataset.offline, true);
      later();
      return null;
    }
    if (!response.ok || !answer) {
      say(form.dataset.refused, true);
      return null;
    }
    if (answer.videre) return answer;
    return took(answer, upTo);
  }

  // One request at a time: each is made from the version that the one before left.
  function save(extra = {}) {
    clearTimeout(timer);
    if (!element("notat-konflikt").hidden && !extra.gjor) return running ?? Promise.resolve(null);
    const before = running ?? Promise.resolve();
    const isAct = Object.keys(extra).length > 0;
    running = before.catch(() => {}).then(() => {
      if (!isAct && stored === edited) return null;
      if (stored !== edited) say(form.dataset.saving);
      return send(extra);
    });
    return running;
  }
  flush = () => save();

  async function act(name, value) {
    if (element("notat-konflikt").hidden === false && element("notat-konflikt").dataset.version) {
      // My text is to stand: it is made from the other's version now.
      field("versjon").value = element("notat-konflikt").dataset.version;
      delete element("notat-konflikt").dataset.version;
      element("notat-konflikt").hidden = true;
    }
    await keep();
    const answer = await save({ [name]: value });
    if (!answer) return;
    if (answer.videre) {
      await copies.drop(copyKey()).catch(() => {});
      stored = edited;
      location.assign(answer.videre);
      return;
    }
    const missing = element("notat-mangler");
    missing.hidden = !answer.mangler;
    missing.textContent = answer.mangler ?? "";
    if (answer.mangler && field("utsett")?.checked) form.querySelector(".more-signing").open = true;
    if (name === "gjor" && value === "mal") {
      text.value = answer.tekst;
      field("tittel").value = answer.tittel;
      grow();
    }
  }

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    event.preventDefault();
    if (button && (button.name === "legg" || button.name === "fjern")) {
      element("koder-valgte").dataset.asked = element("koder-forslag").dataset.asked = "1";
      const search = element("kodesok");
      const isFound = button.closest("#koder-funnet");
      edited += 1;
      act(button.name, button.value).then(() => {
        if (isFound) {
          search.value = "";
          element("koder-funnet").replaceChildren();
          search.focus();
        } else {
          (element("koder-valgte").querySelector("li:last-child input[type=checkbox]") ?? search).focus();
        }
      });
      return;
    }
    edited += 1;
    act("gjor", button?.value || "lagre");
  });

  form.addEventListener("input", (event) => {
    if (event.target.id === "kodesok" || event.target.id === "mal") return;
    if (event.target === text) expand(event);
    grow();
    changed();
  });
  element("mal").addEventListener("change", () => { edited += 1; act("gjor", "mal"); });

  // Ctrl+Enter signs, from wherever one is.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    element("notat-signer").click();
  });

  // A phrase, when a space or a new line follows what stands for it.
  const phrases = new Map([...document.querySelectorAll("[data-phrase]")].map(
    (key) => [key.dataset.phrase, key.nextElementSibling.textContent]));
  function expand(event) {
    if (!/^(insertText|insertLineBreak|insertParagraph)$/.test(event.inputType ?? "")) return;
    const end = text.selectionStart;
    const typed = /(^|\s)(\.[a-zæøå]+)(\s)$/.exec(text.value.slice(Math.max(0, end - 20), end));
    const phrase = typed && phrases.get(typed[2]);
    if (!phrase) return;
    const from = end - typed[2].length - typed[3].length;
    const gap = phrase.indexOf("…");
    text.setRangeText(gap < 0 ? phrase + typed[3] : phrase, from, end, "end");
    if (gap >= 0) text.setSelectionRange(from + gap, from + gap + 1);
  }

  function grow() {
    if (CSS.supports("field-sizing", "content")) return;
    text.rows = Math.min(40, Math.max(14, text.value.split("\n").length + 1));
  }

  // A text that did not reach the server: of this draft, or of one that was never stored.
  async function restore() {
    const all = await copies.all().catch(() => []);
    for (const copy of all.filter((copy) => Date.now() - copy.at > AGE_MAX)) await copies.drop(copy.key);
    const own = all.filter((copy) => copy.owner === owner && copy.patient === form.dataset.patient);
    const note = field("notat").value;
    const copy = own.filter((copy) => (copy.note || "") === note).sort((a, b) => b.at - a.at)[0];
    if (!copy) return;
    if (copy.text === text.value) {
      await copies.drop(copy.key);
      return;
    }
    if (edited > 0) return;
    text.value = copy.text;
    field("tittel").value = copy.title;
    if (!note) field("nokkel").value = copy.key.split(" ").at(-1);
    grow();
    edited += 1;
    await save();
    if (stored === edited) say(form.dataset.restored);
  }

  window.addEventListener("online", () => save());
  window.addEventListener("pagehide", () => {
    if (stored !== edited) navigator.sendBeacon?.(form.action, body());
  });
  // At the end of the first empty heading, or of the text: where one goes on writing.
  const place = /:[^\S\n]*$/m.exec(text.value);
  const at = place ? place.index + place[0].length : text.value.length;
  if (document.activeElement === text) text.setSelectionRange(at, at);
  grow();
  restore();
})();
