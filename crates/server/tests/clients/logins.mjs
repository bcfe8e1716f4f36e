// Logs people in to the pages of a running server by two certified providers (login_provider.mjs),
// with a browser that is fetch and a jar of cookies; then with answers that were forged on the way.
//
// node logins.mjs FOLDER PEOPLE
// `PEOPLE` is JSON: who can log in at the providers, by title. Our keys are put into FOLDER; the
// providers' addresses are printed on the first line; the address of the pages is read from the
// input. Every further line that is printed is one thing that held.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { encode, jws, providers } from './login_provider.mjs';
import { newKey } from './openid_provider.mjs';

const [folder, list] = process.argv.slice(2);
const people = JSON.parse(list);
const { helseid, idPorten, keys } = await providers(folder, people, writeFileSync);
console.log(JSON.stringify([helseid.issuer, idPorten.issuer]));
const base = (await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()).value;
helseid.admit('akson-helseid', base, keys.rsa);
idPorten.admit('akson-id-porten', base, keys.ec);
const FORM = 'application/x-www-form-urlencoded';
const NURSE = 'Sykepleier';

let held = 0;
const holds = (name) => { held += 1; console.log(`ok ${name}`); };
const now = () => Math.floor(Date.now() / 1000);

/** A browser without a screen: cookies by host, redirects one at a time. */
class Browser {
  constructor() { this.jar = new Map(); }

  async ask(address, { method = 'GET', body, headers = {} } = {}) {
    const url = new URL(address, base);
    const jar = this.jar.get(url.host) ?? new Map();
    this.jar.set(url.host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const posted = body === undefined ? {} : { 'content-type': FORM, origin: url.origin };
    const response = await fetch(url, { method, body, redirect: 'manual', headers: { cookie, ...posted, ...headers } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value && !/max-age=0/i.test(line)) jar.set(name, value); else jar.delete(name);
    }
    const location = response.headers.get('location');
    return { status: response.status, headers: response.headers, text: await response.text(), url,
      to: location && new URL(location, url).href };
  }

  /** A form of the page that was asked for last. */
  async send(page, address, fields) {
    const token = /name="skjema" value="([^"]+)"/.exec(page.text)[1];
    return this.ask(address, { method: 'POST', body: new URLSearchParams({ skjema: token, ...fields }).toString() });
  }

  /** To the provider, in as somebody there, and up to the address that leads back. */
  async away(provider, who, { level = 4, query = '' } = {}) {
    const start = await this.ask(`/logg-inn/${provider.kind}${query}`);
    assert.equal(start.status, 303, start.text);
    return this.at(start.to, who, level);
  }

  async at(address, who, level) {
    let next = address;
    for (let steps = 0; !next.startsWith(base); steps += 1) {
      assert.ok(steps < 10, `the login goes in circles: ${next}`);
      const page = await this.ask(next);
      next = page.to ?? `${page.url.origin}${page.url.pathname}?who=${encodeURIComponent(who)}&level=${level}`;
    }
    return next;
  }

  async logIn(provider, who, options) {
    return this.ask(await this.away(provider, who, options));
  }

  cookie(name) { return this.jar.get(new URL(base).host)?.get(name); }
}

const HEADINGS = {
  'IDN-091': 'brukt eller for gammel', 'IDN-092': 'begynt et annet sted', 'IDN-094': 'ble avbrutt',
  'IDN-102': 'ikke sterk nok', 'IDN-103': 'ikke vite hvem du er', 'IDN-061': 'svarer ikke som det skal',
  'IDN-097': 'svarer ikke som det skal', 'WEB-016': 'finner deg ikke i registrene',
};

/** The page says this code in plain words, and nobody is in. */
function refuses(name, page, code, browser) {
  assert.ok(page.text.includes(`<b>${code}</b>`), `${name}: ${page.status} ${/<main.*/s.exec(page.text)?.[0]}`);
  assert.ok(page.text.includes(HEADINGS[code] ?? 'ble ikke godtatt'), `${name}: ${page.text}`);
  assert.ok(['IDN-061', 'IDN-097'].includes(code) ? page.status === 503 : page.status === 403, `${name}: ${page.status}`);
  assert.ok(!/eyJ|\d{11}|\{provider\}/.test(page.text), `${name} tells too much`);
  assert.equal(browser.cookie('akson'), undefined, name);
  holds(name);
}

const isIn = async (browser, name) => {
  const page = await browser.ask('/');
  assert.equal(page.status, 200, `${page.status} ${page.to}`);
  assert.ok(page.text.includes(name), `${name} is not in`);
};

// ---- Login as it should be.

const login = await new Browser().ask('/logg-inn');
for (const text of ['Logg inn med HelseID', 'Logg inn med ID-porten', 'href="/logg-inn/helseid"']) {
  assert.ok(login.text.includes(text), text);
}
assert.ok(!login.text.includes('name="person"'), 'nobody is offered to be');
holds('the login page offers both providers');

const nurse = new Browser();
const asked = await nurse.ask('/pasienter?q=solbakken');
assert.equal(asked.to, `${base}/logg-inn?til=%2Fpasienter%3Fq%3Dsolbakken`);
const offered = await nurse.ask(asked.to);
const [, link] = /href="(\/logg-inn\/helseid[^"]*)"/.exec(offered.text);
const started = await nurse.ask(link);
const parameters = [...new URL(started.to).searchParams.keys()];
assert.deepEqual(parameters, ['client_id', 'request_uri'], 'what is asked for went to the provider itself');
assert.match(started.headers.getSetCookie()[0], /^akson-besok=[^;]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
holds('the way to the provider tells the browser nothing but that we asked');

const returned = await nurse.at(started.to, NURSE, 4);
const passing = await nurse.ask(returned);
assert.equal(passing.status, 200, passing.text);
assert.equal(passing.headers.get('refresh'), '0;url=/pasienter?q=solbakken');
assert.ok(passing.text.includes('HelseID har bekreftet hvem du er'));
const cookies = passing.headers.getSetCookie();
assert.match(cookies[0], /^akson=[^;]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
assert.match(cookies[1], /^akson-besok=; .*Max-Age=0$/);
await isIn(nurse, people[NURSE].name);
holds('a nurse logs in with HelseID and comes back to the page asked for');
assert.equal((await nurse.ask('/logg-inn/helseid?til=/rolle')).to, `${base}/`);
holds('whoever is in is not sent to the provider again');

const citizen = new Browser();
await citizen.logIn(idPorten, 'Innbygger');
await isIn(citizen, people.Innbygger.name);
assert.ok((await citizen.ask('/')).text.includes('Hvem har sett i journalen din'));
holds('a citizen logs in with ID-porten');

const several = new Browser();
const choose = await several.logIn(helseid, 'Lege', { query: '?til=/pasienter' });
assert.equal(choose.headers.get('refresh'), '0;url=/rolle?til=%2Fpasienter');
const roles = await several.ask('/rolle?til=%2Fpasienter');
assert.equal((await several.send(roles, '/rolle', { rolle: '0', til: '/pasienter' })).to, `${base}/pasienter`);
holds('somebody with several roles chooses one');

for (const til of ['//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', '/logg-ut']) {
  const page = await new Browser().logIn(helseid, NURSE, { query: `?til=${encodeURIComponent(til)}` });
  assert.equal(page.headers.get('refresh'), '0;url=/', til);
}
holds('nobody is led to another site after login');

const before = helseid.asked.length;
const led = await new Browser().ask('/logg-inn/helseid?til=/pasienter', { headers: { 'sec-fetch-site': 'cross-site' } });
assert.equal(led.to, `${base}/logg-inn?til=%2Fpasienter`);
assert.equal(helseid.asked.length, before);
holds('another site does not send anybody straight to the provider');
for (const address of ['/logg-inn/buypass', '/logg-inn/buypass/retur', '/logg-inn/helseid/annet']) {
  const page = await new Browser().ask(address);
  assert.ok(page.status === 404 || page.to?.includes('/logg-inn'), `${address} ${page.status}`);
}
holds('there are no other providers');

// ---- Answers that are not for this login.

const victim = new Browser();
const address = new URL(await victim.away(helseid, NURSE));
const without = (name) => { const url = new URL(address); url.searchParams.delete(name); return url.href; };
const changed = (name, value) => { const url = new URL(address); url.searchParams.set(name, value); return url.href; };
refuses('no state', await victim.ask(without('state')), 'IDN-091', victim);
refuses('an unknown state', await victim.ask(changed('state', 'x'.repeat(43))), 'IDN-091', victim);
refuses('the state of another provider', await victim.ask(address.href.replace('/helseid/', '/id-porten/')), 'IDN-091', victim);
refuses('an answer that was used up', await victim.ask(address.href), 'IDN-091', victim);

const rows = [
  ['another browser', null, 'IDN-092'],
  ['no issuer', (url) => url.searchParams.delete('iss'), 'IDN-093'],
  ['another issuer', (url) => url.searchParams.set('iss', 'https://evil.example'), 'IDN-093'],
  ['no code', (url) => url.searchParams.delete('code'), 'IDN-095'],
  ['another code', (url) => url.searchParams.set('code', 'x'.repeat(43)), 'IDN-096'],
  ['an error', (url) => { url.searchParams.delete('code'); url.searchParams.set('error', 'server_error'); }, 'IDN-094'],
];
for (const [name, change, code] of rows) {
  const browser = new Browser();
  const url = new URL(await browser.away(helseid, NURSE));
  if (change) change(url);
  const other = change ? browser : new Browser();
  refuses(name, await other.ask(url.href), code, other);
}
const gone = new Browser();
refuses('somebody who cancels at the provider', await gone.logIn(helseid, ''), 'IDN-094', gone);

const [thief, robbed] = [new Browser(), new Browser()];
const stolen = new URL(await robbed.away(helseid, 'Fastlege'));
const own = new URL(await thief.away(helseid, NURSE));
own.searchParams.set('code', stolen.searchParams.get('code'));
refuses('somebody else\'s code with one\'s own state', await thief.ask(own.href), 'IDN-096', thief);

const twice = new Browser();
const once = await twice.away(helseid, NURSE);
await twice.ask(once);
const login1 = twice.cookie('akson');
assert.ok((await twice.ask(once)).text.includes('IDN-091'));
assert.equal(twice.cookie('akson'), login1);
holds('an answer that is sent twice does nothing the second time');

// ---- ID tokens that try to get past.

const same = (claims) => claims;
/** An ID token signed by the provider's own key, its claims and header changed. */
const claimed = (change) => (claims, header) => helseid.sign(change({ ...claims }) ?? claims, header);
const headed = (more) => (claims, header) => helseid.sign(claims, { ...header, ...more });
const set = (name, value) => claimed((claims) => ({ ...claims, [name]: value }));
const rsa = () => helseid.keys.PS256;
const publicKey = (form) => createPublicKey({ key: { kty: 'RSA', n: rsa().n, e: rsa().e }, format: 'jwk' }).export(form);
const hmac = (form) => (claims, header) => {
  const signed = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', publicKey(form)).update(signed).digest('base64url')}`;
};
const LEVEL = 'helseid://claims/identity/security_level';
const PID = 'helseid://claims/identity/pid';
const HPR = 'helseid://claims/hpr/hpr_number';
const forged = [
  ['wrong issuer', set('iss', 'https://evil.example'), 'IDN-008'],
  ['wrong audience', set('aud', 'another'), 'IDN-009'],
  ['an audience more', set('aud', ['akson-helseid', 'another']), 'IDN-100'],
  ['given to another client', set('azp', 'another'), 'IDN-100'],
  ['wrong nonce', set('nonce', 'x'), 'IDN-099'],
  ['no nonce', set('nonce', undefined), 'IDN-099'],
  ['expired', set('exp', now() - 60), 'IDN-010'],
  ['no expiry', set('exp', undefined), 'IDN-012'],
  ['issued in the future', set('iat', now() + 600), 'IDN-011'],
  ['no subject', set('sub', undefined), 'IDN-012'],
  ['a wrong at_hash', set('at_hash', 'AAAAAAAAAAAAAAAAAAAAAA'), 'IDN-101'],
  ['alg none', (claims, header) => `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`, 'IDN-004'],
  ['HS256 with the public key as PEM', hmac({ format: 'pem', type: 'spki' }), 'IDN-004'],
  ['HS256 with the public key as DER', hmac({ format: 'der', type: 'spki' }), 'IDN-004'],
  ['an unknown key', headed({ kid: 'unknown' }), 'IDN-006'],
  ['another key of the right name', (claims, header) => jws(header, claims, newKey('x', 'PS256')), 'IDN-007'],
  ['RS256 by the key for PS256', (claims, header) => jws({ ...header, alg: 'RS256' }, claims, rsa()), 'IDN-007'],
  ['tampered', (claims, header, whole) => {
    const [head, , signature] = whole.split('.');
    return `${head}.${encode({ ...claims, [PID]: '13818012390' })}.${signature}`;
  }, 'IDN-007'],
  ['an access token\'s type', headed({ typ: 'at+jwt' }), 'IDN-005'],
  ['a logout token\'s type', headed({ typ: 'logout+jwt' }), 'IDN-005'],
  ['a header that must be understood', headed({ crit: ['x'], x: 1 }), 'IDN-003'],
  ['no token at all', () => 'x', 'IDN-003'],
  ['nobody in particular', claimed((claims) => { delete claims[PID]; delete claims[HPR]; return claims; }), 'IDN-103'],
  ['a number that is none', set(PID, '1381801234'), 'IDN-012'],
  ['a level that is none', set(LEVEL, 'high'), 'IDN-012'],
  ['no level', set(LEVEL, undefined), 'IDN-102'],
  ['a level that is too low', set(LEVEL, '2'), 'IDN-102'],
];
for (const [name, forge, code] of forged) {
  helseid.forge.idToken = forge;
  const browser = new Browser();
  refuses(name, await browser.logIn(helseid, NURSE), code, browser);
}
helseid.forge.idToken = claimed(same);
await isIn(await (async () => { const b = new Browser(); await b.logIn(helseid, NURSE); return b; })(), people[NURSE].name);
holds('an ID token signed by hand, when all is right');
helseid.forge = {};
for (const [name, tokens] of [
  ['no ID token', (answer) => { delete answer.id_token; }],
  ['no access token', (answer) => { delete answer.access_token; }],
  ['tokens that are bound to no key', (answer) => { answer.token_type = 'Bearer'; }],
]) {
  helseid.forge = { tokens };
  const browser = new Browser();
  refuses(name, await browser.logIn(helseid, NURSE), 'IDN-098', browser);
}
helseid.forge = {};
const weak = new Browser();
refuses('a citizen at level 3', await weak.logIn(idPorten, 'Innbygger', { level: 3 }), 'IDN-102', weak);
const stranger = new Browser();
refuses('somebody the registers do not know', await stranger.logIn(helseid, 'Fremmed'), 'WEB-016', stranger);
const other = new Browser();
refuses('a citizen by the way of personnel', await other.logIn(helseid, 'Innbygger'), 'WEB-016', other);

// ---- Step-up.

const low = new Browser();
await low.logIn(helseid, NURSE, { level: 3, query: '?til=/pasienter' });
await isIn(low, people[NURSE].name);
const first = low.cookie('akson');
const journal = `/pasient/${people.unrelated}/apne`;
const opening = await low.ask(journal);
assert.equal(opening.status, 200, opening.text);
const headers = { referer: `${base}${journal}` };
const emergency = (page) => new URLSearchParams({ skjema: /name="skjema" value="([^"]+)"/.exec(page.text)[1], nod: '1' }).toString();
const stopped = await low.ask(journal, { method: 'POST', body: emergency(opening), headers });
assert.equal(stopped.status, 403);
assert.ok(stopped.text.includes('WEB-040') === false && stopped.text.includes('krever sterkere innlogging'), stopped.text);
const [, up] = /href="(\/logg-inn\/helseid\?[^"]*)"/.exec(stopped.text);
assert.equal(up.replaceAll('&amp;', '&'), `/logg-inn/helseid?niva=4&til=${encodeURIComponent(journal)}`);
holds('who came in at level 3 reads, and opens no journal in an emergency');
const put = await low.ask('/fhir/Consent/x', { method: 'PUT', body: '{}', headers: { 'content-type': 'application/fhir+json' } });
assert.equal(put.status, 403, put.text);
assert.ok(put.text.includes('IDN-106'), put.text);
const search = await low.ask('/fhir/Practitioner/_search', { method: 'POST', body: 'name=x' });
assert.equal(search.status, 200, search.text);
holds('nor writes through /fhir, where it may search');
const level = await low.ask(up.replaceAll('&amp;', '&'));
const screen = await low.ask((await low.ask(level.to)).to);
assert.ok(screen.text.includes('<p id="asked">Level4</p>'), `${screen.text} asks anew, for level 4`);
const still = await low.ask(await low.at(screen.url.href, NURSE, 3));
assert.ok(still.text.includes('IDN-102'), still.text);
assert.equal(low.cookie('akson'), first);
await isIn(low, people[NURSE].name);
holds('who is no better known afterwards stays where they were');
const upper = await low.ask(await low.at((await low.ask(up.replaceAll('&amp;', '&'))).to, NURSE, 4));
assert.equal(upper.headers.get('refresh'), `0;url=${journal}`);
assert.notEqual(low.cookie('akson'), first);
const again = await low.ask(journal);
const opened = await low.ask(journal, { method: 'POST', body: emergency(again), headers });
assert.equal(opened.to, `${base}/pasient/${people.unrelated}`, opened.text);
holds('after the step-up the journal opens');
const old = new Browser();
old.jar.set(new URL(base).host, new Map([['akson', first]]));
assert.ok((await old.ask('/')).to.includes('/logg-inn'));
holds('the weaker login is over');

// ---- Logging out, here and there.

const out = new Browser();
await out.logIn(helseid, NURSE);
const left = await out.send(await out.ask('/'), '/logg-ut', {});
assert.equal(left.status, 200, left.text);
assert.equal(out.cookie('akson'), undefined);
const [, end] = /^0;url=(.*)$/.exec(left.headers.get('refresh'));
const ending = new URL(end);
assert.equal(ending.origin, helseid.issuer);
assert.equal(ending.searchParams.get('post_logout_redirect_uri'), `${base}/logg-inn/helseid/ut`);
const sure = await out.ask(end);
const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(sure.text);
const confirmed = await out.ask(`${helseid.issuer}/session/end/confirm`, { method: 'POST', body: `xsrf=${xsrf}&logout=yes` });
assert.equal(new URL(confirmed.to).pathname, '/logg-inn/helseid/ut');
const back = await out.ask(confirmed.to);
assert.equal(back.to, `${base}/logg-inn?hvorfor=ut`);
assert.ok((await out.ask(back.to)).text.includes('Du er logget ut.'));
const fresh = await out.ask('/logg-inn/helseid');
assert.ok((await out.ask((await out.ask(fresh.to)).to)).text.includes('id="asked"'), 'the provider asks who it is');
holds('logging out here logs out at the provider, and comes back');

const there = new Browser();
await there.logIn(helseid, NURSE);
const bystander = new Browser();
await bystander.logIn(helseid, NURSE);
const ask = await there.ask(`${helseid.issuer}/session/end`);
const [, token] = /name="xsrf" value="([^"]+)"/.exec(ask.text);
await there.ask(`${helseid.issuer}/session/end/confirm`, { method: 'POST', body: `xsrf=${token}&logout=yes` });
for (let wait = 0; (await there.ask('/')).status === 200; wait += 1) {
  assert.ok(wait < 100, 'the provider said that it is over, and nothing happened');
  await new Promise((resolve) => { setTimeout(resolve, 50); });
}
await isIn(bystander, people[NURSE].name);
holds('logging out at the provider logs out here (back channel), and nobody else');

const sid = JSON.parse(Buffer.from(helseid.idToken.split('.')[1], 'base64url')).sid;
const event = 'http://schemas.openid.net/event/backchannel-logout';
const logout = (more, header = {}) => helseid.sign({
  iss: helseid.issuer, aud: 'akson-helseid', iat: now(), exp: now() + 120, jti: randomUUID(), sid,
  events: { [event]: {} }, ...more }, { alg: 'PS256', typ: 'logout+jwt', kid: rsa().kid, ...header });
const notice = async (text) => {
  const body = new URLSearchParams({ logout_token: text }).toString();
  const response = await fetch(`${base}/logg-inn/helseid/utlogging`, { method: 'POST', body, headers: { 'content-type': FORM } });
  return `${response.status} ${await response.text()}`;
};
for (const [name, text, code] of [
  ['an ID token', helseid.idToken, 'IDN-107'],
  ['another audience', logout({ aud: 'another' }), 'IDN-009'],
  ['no event', logout({ events: {} }), 'IDN-107'],
  ['a nonce', logout({ nonce: 'x' }), 'IDN-107'],
  ['nobody', logout({ sid: undefined }), 'IDN-107'],
  ['expired', logout({ exp: now() - 60 }), 'IDN-010'],
  ['an access token\'s type', logout({}, { typ: 'at+jwt' }), 'IDN-005'],
  ['alg none', `${encode({ alg: 'none', typ: 'logout+jwt' })}.${encode({ sid })}.`, 'IDN-004'],
  ['nothing', '', 'IDN-003'],
]) {
  assert.equal(await notice(text), `400 ${code}`, name);
}
assert.equal(await notice(logout({ sid: 'another' })), '200 ');
await isIn(bystander, people[NURSE].name);
holds('nobody is logged out by a word that is not the provider\'s');
assert.equal(await notice(logout()), '200 ');
assert.ok((await bystander.ask('/')).to.includes('/logg-inn'));
holds('a logout token made by hand, when all is right');

const page = new Browser();
await page.logIn(idPorten, 'Innbygger');
const theirs = JSON.parse(Buffer.from(idPorten.idToken.split('.')[1], 'base64url')).sid;
const front = async (query) => (await fetch(`${base}/logg-inn/id-porten/utlogging?${new URLSearchParams(query)}`)).status;
assert.equal(await front({ sid: theirs }), 400);
assert.equal(await front({ iss: helseid.issuer, sid: theirs }), 400);
assert.equal(await front({ iss: idPorten.issuer }), 400);
assert.equal(await front({ iss: idPorten.issuer, sid: 'another' }), 200);
await isIn(page, people.Innbygger.name);
assert.equal(await front({ iss: idPorten.issuer, sid: theirs }), 200);
assert.ok((await page.ask('/')).to.includes('/logg-inn'));
holds('the page of a provider logs out whom it knows (front channel), and nobody else');

// ---- The provider changes its keys, and goes away.

helseid.rotate('second');
const rotated = new Browser();
await rotated.logIn(helseid, NURSE);
await isIn(rotated, people[NURSE].name);
holds('a login signed with a new key, while running');
helseid.forge = { status: 503 };
const busy = new Browser();
refuses('the provider is overloaded', await busy.ask('/logg-inn/helseid'), 'IDN-097', busy);
helseid.forge = {};
const midway = new Browser();
const almost = await midway.away(helseid, NURSE);
await helseid.stop();
const away = new Browser();
refuses('the provider is gone', await away.ask('/logg-inn/helseid'), 'IDN-061', away);
refuses('the provider is gone midway', await midway.ask(almost), 'IDN-061', midway);
await helseid.startAgain();
const late = new Browser();
await late.logIn(helseid, NURSE);
await isIn(late, people[NURSE].name);
holds('and when it is back it logs people in');

// ---- A witness on somebody else's device.

const GIVER = 'Sykepleier på sykehjem';
const giver = new Browser();
await giver.logIn(helseid, GIVER);
const residents = JSON.parse((await giver.ask('/fhir/Encounter?status=in-progress&_count=50')).text).entry ?? [];
const resident = residents.map((entry) => entry.resource.subject.reference).find(Boolean);
assert.ok(resident, 'the nursing home has nobody');
const self = JSON.parse((await giver.ask(`/fhir/Practitioner?name=${encodeURIComponent(people[GIVER].name.split(' ').at(-1))}`)).text).entry[0].resource.id;
const given = await giver.ask('/fhir/MedicationAdministration', { method: 'POST', headers: { 'content-type': 'application/fhir+json' },
  body: JSON.stringify({ resourceType: 'MedicationAdministration', status: 'in-progress', subject: { reference: resident },
    medicationCodeableConcept: { text: 'Oksykodon 5 mg', coding: [{ system: 'http://www.whocc.no/atc', code: 'N02AA05' }] },
    effectiveDateTime: new Date().toISOString(), performer: [{ actor: { reference: `Practitioner/${self}`, display: people[GIVER].name } }] }) });
assert.equal(given.status, 201, given.text);
const dose = given.headers.get('location').split('/MedicationAdministration/')[1].split('/')[0];
const stored = async () => JSON.parse((await giver.ask(`/fhir/MedicationAdministration/${dose}`)).text);
const here = await giver.ask(`/runde/vitne/her?id=${dose}&rad=r`);
const [, away2] = /href="(\/runde\/vitne\/logg-inn\/helseid[^"]*)"/.exec(here.text);
const kept = giver.cookie('akson');
/** The way to the provider and back as somebody, up to the page that shows who came. */
const comeAs = async (title) => {
  // As at a provider that does not remember the giver. One that does, and ends that login when somebody else
  // comes (as this one's would), tells us to end the giver's login here too.
  giver.jar.delete(new URL(helseid.issuer).host);
  const start = await giver.ask(away2.replaceAll('&amp;', '&'));
  assert.equal(start.status, 303, start.text);
  const passed = await giver.ask(await giver.at(start.to, title, 4));
  assert.equal(giver.cookie('akson'), kept, 'the giver\'s login is the same');
  return passed.headers.get('refresh').replace('0;url=', '');
};
const proofed = await comeAs('Helsefagarbeider');
assert.match(proofed, /^\/runde\/vitne\/her\?.*&bevis=[\w-]{43}$/);
await isIn(giver, people[GIVER].name);
holds('a witness logs in on the giver\'s device, and the giver stays');
const onlooker = new Browser();
await onlooker.logIn(helseid, 'Helsefagarbeider');
const elsewhere = await onlooker.ask(proofed);
assert.ok(elsewhere.status === 403 && elsewhere.text.includes('brukt eller for gammel'), `${elsewhere.status}`);
holds('the proof is good in the giver\'s login alone');
const confirm = await giver.ask(proofed);
assert.ok(confirm.text.includes(people.Helsefagarbeider.name) && confirm.text.includes('Bekreft som vitne'), confirm.text);
const bevis = new URL(proofed, base).searchParams.get('bevis');
assert.equal((await giver.send(confirm, '/runde/vitne/her', { bevis, id: dose, rad: 'r' })).status, 303);
const done = await stored();
assert.equal(done.status, 'completed');
assert.ok(JSON.stringify(done.performer).includes('witness') && done.performer.length === 2, JSON.stringify(done.performer));
const secondTime = await giver.send(confirm, '/runde/vitne/her', { bevis, id: dose, rad: 'r' });
assert.equal(secondTime.status, 403, 'the proof is good once');
holds('the witness confirms, once');
for (const [title, words] of [[GIVER, 'kan ikke være vitne'], ['Fastlege', 'samme enhet']]) {
  const page = await giver.ask(await comeAs(title));
  assert.ok(page.status === 403 && page.text.includes(words), `${title}: ${page.status}`);
}
holds('nobody is their own witness, and nobody from elsewhere');

// ---- The log.

const officer = new Browser();
await officer.logIn(helseid, 'Personvernombud');
const dicom = encodeURIComponent('http://dicom.nema.org/resources/ontology/DCM|110114');
const events = async (browser, more = '') => {
  const answer = await browser.ask(`/fhir/AuditEvent?type=${dicom}&_count=500${more}`);
  assert.equal(answer.status, 200, answer.text);
  return (JSON.parse(answer.text).entry ?? []).map((entry) => entry.resource);
};
const all = await events(officer);
const count = (test) => all.filter(test).length;
const is = (code) => (event) => event.subtype[0].code === code && event.outcome === '0';
assert.ok(count(is('110122')) > 10 && count(is('110123')) >= 5 && count(is('choose-role')) === 1, JSON.stringify(all.length));
for (const code of ['IDN-092', 'IDN-096', 'IDN-099', 'IDN-102', 'WEB-016']) {
  assert.ok(all.some((event) => event.outcome === '4' && event.outcomeDesc === code), `${code} is not in the log`);
}
const witnessed = all.filter((event) => event.subtype[0].code === 'witness' && event.outcome === '0');
assert.equal(witnessed.length, 1);
assert.ok(witnessed[0].agent[0].who.display.startsWith(people.Helsefagarbeider.name), JSON.stringify(witnessed[0].agent));
assert.equal(all[0].agent[0].who.display.includes(people.Personvernombud.name), true, 'the newest is the officer\'s own');
assert.deepEqual([...new Set(all.map((event) => event.entity[0].name))].sort(), ['helseid', 'id-porten']);
assert.ok(!/"\d{11}"|eyJ/.test(JSON.stringify(all)), 'numbers and tokens stay out of the log');
holds('logins, logouts and refusals are in the access log');
assert.equal((await events(late)).length, 0);
const mine = all.find((event) => event.agent[0].who.display?.startsWith(people[NURSE].name)).agent[0].who.reference;
assert.ok((await events(late, `&agent=${mine}`)).length > 5);
holds('others see their own, and nobody else\'s');

console.log(`${held} held`);
process.exit(0);
