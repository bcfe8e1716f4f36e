// What a browser does on our pages, without a browser: log in as somebody of the demo, answer an
// app's question, write to /fhir with the login's cookie. For tests of apps.

import assert from 'node:assert/strict';

const unescape = (text) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");

/** Somebody's browser. */
export class Browser {
  constructor(root) {
    this.root = root;
    this.cookies = new Map();
  }

  async ask(address, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie && { cookie }), ...options.headers };
    const response = await fetch(new URL(address, this.root), { redirect: 'manual', ...options, headers });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      if (value) this.cookies.set(name, value); else this.cookies.delete(name);
    }
    return response;
  }

  /** Sends a form of ours: [name, value] pairs and the token of the page that it stands on. */
  async send(address, page, fields) {
    const token = page.match(/name="skjema" value="([^"]*)"/)?.[1];
    assert.ok(token, `no form on the page: ${page.slice(0, 2000)}`);
    return this.ask(address, {
      method: 'POST',
      headers: { origin: this.root, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams([['skjema', token], ...fields]).toString(),
    });
  }

  /** Logs in as the first person of the demo with this title (and name). */
  static async login(root, title, name = '') {
    const browser = new Browser(root);
    const page = await (await browser.ask('/logg-inn')).text();
    const choices = [...page.matchAll(/<button class="choice" name="person" value="(\d+)"[^>]*>(.*?)<\/button>/gs)];
    const choice = choices.find(([, , inside]) => inside.includes(`<span class="role">${title}</span>`) && inside.includes(name));
    assert.ok(choice, `nobody is ${title}`);
    const answer = await browser.send('/logg-inn', page, [['person', choice[1]], ['til', '/']]);
    assert.equal(answer.status, 303);
    return browser;
  }

  async logout() {
    const page = await (await this.ask('/')).text();
    assert.equal((await this.send('/logg-ut', page, [])).status, 303);
  }

  /** What an app's address leads to: the page that asks, or the address back at the app. */
  async arrive(address) {
    let response = await this.ask(address);
    if (response.status === 200) {
      const next = (await response.text()).match(/http-equiv="refresh" content="0; url=([^"]*)"/)?.[1];
      assert.ok(next, 'the arrival leads on');
      response = await this.ask(unescape(next));
      this.question = unescape(next);
    }
    const to = response.headers.get('location');
    if (to?.startsWith(this.question) && to.endsWith('/pasient')) return { choose: to };
    return to ? { back: new URL(to, this.root) } : { status: response.status, page: await response.text() };
  }

  /** Answers the question on a page; `leave` are scopes to leave out. */
  async answer(page, { yes = true, leave = [], patient } = {}) {
    const boxes = [...page.matchAll(/name="omfang" value="([^"]*)"/g)].map(([, scope]) => unescape(scope));
    const whom = patient ?? page.match(/name="pasient" value="([^"]*)"/)?.[1];
    const fields = boxes.filter((scope) => !leave.includes(scope)).map((scope) => ['omfang', scope]);
    if (whom) fields.push(['pasient', whom]);
    fields.push(['svar', yes ? 'tillat' : 'avsla']);
    const answer = await this.send(this.question, page, fields);
    const to = answer.headers.get('location');
    return to ? new URL(to, this.root) : { status: answer.status, page: await answer.text() };
  }

  /** Lets an app in that sent its person to this address. */
  async allow(address, options) {
    const asked = await this.arrive(address);
    assert.ok(asked.page, `no question but ${asked.back ?? asked.choose}`);
    assert.equal(asked.status, 200, asked.page);
    const back = await this.answer(asked.page, options);
    assert.ok(back instanceof URL, back.page);
    return back;
  }

  /** Asks /fhir with the login's cookie. */
  async fhir(method, path, body) {
    const response = await this.ask(`/fhir/${path}`, {
      method,
      headers: { origin: this.root, 'sec-fetch-site': 'same-origin', 'content-type': 'application/fhir+json' },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }
}

const EXTENSION = 'https://akson.no/fhir/StructureDefinition/client-';

/** The Endpoint of an app. */
export function endpoint({ id, name = id, kind = 'smart-app', address, redirects = [], scopes, keys, keysAddress, quota, organisation, status = 'active' }) {
  const extension = [
    ...redirects.map((valueUrl) => ({ url: `${EXTENSION}redirect-address`, valueUrl })),
    ...scopes.map((valueString) => ({ url: `${EXTENSION}scope`, valueString })),
    ...(keys ? [{ url: `${EXTENSION}keys`, valueString: JSON.stringify(keys) }] : []),
    ...(keysAddress ? [{ url: `${EXTENSION}keys-address`, valueUrl: keysAddress }] : []),
    ...(quota ? [{ url: `${EXTENSION}quota-per-minute`, valuePositiveInt: quota }] : []),
  ];
  return {
    resourceType: 'Endpoint', extension,
    identifier: [{ system: 'https://akson.no/fhir/NamingSystem/client-id', value: id }],
    status,
    connectionType: { system: 'https://akson.no/fhir/CodeSystem/connection-type', code: kind },
    name, payloadType: [{ text: 'FHIR R4' }], address: address ?? 'http://127.0.0.1:9/app',
    ...(organisation && { managingOrganization: { reference: organisation } }),
  };
}
