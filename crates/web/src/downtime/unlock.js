// Opens a locked sheet: the passphrase becomes a key (PBKDF2 with SHA-256), the key opens the content
// (AES-256-GCM). Nothing leaves the page, and nothing is kept when it is closed.
(() => {
  const form = document.getElementById("unlock");
  const holder = document.getElementById("content");
  const fault = document.getElementById("fault");
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  async function decrypt(passphrase) {
    const { salt, nonce, rounds, content } = holder.dataset;
    const raw = new TextEncoder().encode(passphrase);
    const base = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveKey"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: Number(rounds) };
    const key = await crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(nonce) }, key, bytes(content));
    return new TextDecoder().decode(plain);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!globalThis.crypto?.subtle) {
      fault.textContent = holder.dataset.impossible;
      return;
    }
    fault.textContent = holder.dataset.working;
    const field = document.getElementById("passphrase");
    try {
      const sheet = await decrypt(field.value.normalize("NFC"));
      const template = document.createElement("template");
      template.innerHTML = sheet;
      holder.replaceChildren(template.content);
      form.remove();
      document.body.dataset.state = "open";
    } catch {
      fault.textContent = holder.dataset.wrong;
      field.select();
    }
  });
})();
