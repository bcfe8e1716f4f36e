// Two servers on one database, behind a balancer that sends each request where the test says: what one
// of them has begun, given or ended, the other goes on with, takes or refuses.
//
// node two_nodes.mjs FOLDER PEOPLE
// `PEOPLE` is JSON: who can log in at the providers, by title. The providers' addresses and the
// balancer's are printed on the first line; the servers' addresses and process ids are read from the
// input. Every further line that is printed is one thing that held.
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { createInterface } from 'node:readline';
import { jws, providers } from './login_provider.mjs';
import { newKey } from './openid_provider.mjs';

const [folder, list] = process.argv.slice(2);
const people = JSON.parse(list);
const { helseid, idPorten, keys } = await providers(folder, people, writeFileSync);
const FORM = 'application/x-www-form-urlencoded';
const [NURSE, SEVERAL] = ['Sykepleier', 'Lege'];
const [A, B] = [0, 1];

let held = 0;
const holds = (name) => { held += 1; console.log(`ok ${name}`); };
const now = () => Math.floor(Date.now() / 1000);

// ---- The balancer. What no browser of ours sends (the providers' own calls) goes to B.

let nodes = [];
const balancer = createServer((incoming, outgoing) => {
  const { hostname, port } = new URL(nodes[incoming.headers['x-node'] ?? B]);
  const { method, url: path, headers } = incoming;
  const onward = ask({ hostname, port, method, path, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.rawHeaders);
    answer.pipe(outgoing);
  });
  onward.on('error', () => { outgoing.writeHead(502).end(); });
  incoming.pipe(onward);
});
await new Promise((resolve) => { balancer.listen(0, '127.0.0.1', resolve); });
const base = `http://127.0.0.1:${balancer.address().port}`;
console.log(JSON.stringify([helseid.issuer, idPorten.issuer, base]));
const started = JSON.parse((await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()).value);
nodes = started.map(([address]) => address);
helseid.admit('akson-helseid', base, keys.rsa);
idPorten.admit('akson-id-porten', base, keys.ec);

let browsers = 0;
/** A browser without a screen, of an address of its own. */
class Browser {
  constructor() { this.jar = new Map(); browsers += 1; this.address = `198.51.100.${browsers}`; }

  async ask(node, address, { method = 'GET', body, headers = {} } = {}) {
    const url = new URL(address, base);
    const jar = this.jar.get(url.host) ?? new Map();
    this.jar.set(url.host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const posted = body === undefined ? {} : { 'content-type': FORM, origin: url.origin };
    const way = { 'x-node': String(node), 'x-forwarded-for': this.address };
    const response = await fetch(url, { method, body, redirect: 'manual', headers: { cookie, ...way, ...posted, ...headers } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value && !/max-age=0/i.test(line)) jar.set(name, value); else jar.delete(name);
    }
    const location = response.headers.get('location');
    return { status: response.status, headers: response.headers, text: await response.text(), url,
      to: location && new URL(location, url).href };
  }

  /** A form of a page. */
  async send(node, page, address, fields) {
    const token = /name="skjema" value="([^"]+)"/.exec(page.text)[1];
    const body = new URLSearchParams([['skjema', token], ...fields]).toString();
    return this.ask(node, address, { method: 'POST', body });
  }

  /** To the provider by one server, in as somebody there, and back to the other. */
  async logIn(provider, who, { begin = A, end = B } = {}) {
    const start = await this.ask(begin, `/logg-inn/${provider.kind}`);
    assert.equal(start.status, 303, start.text);
    let next = start.to;
    for (let steps = 0; !next.startsWith(base); steps += 1) {
      assert.ok(steps < 10, `the login goes in circles: ${next}`);
      const page = await this.ask(begin, next);
      next = page.to ?? `${page.url.origin}${page.url.pathname}?who=${encodeURIComponent(who)}&level=4`;
    }
    return [next, await this.ask(end, next)];
  }

  async isIn(node, name) {
    const page = await this.ask(node, '/');
    return page.status === 200 && page.text.includes(name);
  }
}

// ---- Logins.

const nurse = new Browser();
const [way, passing] = await nurse.logIn(helseid, NURSE);
assert.equal(passing.status, 200, passing.text);
assert.ok(passing.text.includes('HelseID har bekreftet hvem du er'), passing.text);
assert.ok(await nurse.isIn(A, people[NURSE].name) && await nurse.isIn(B, people[NURSE].name));
holds('a login begun on A is completed on B, and is one on both');
assert.ok((await nurse.ask(A, way)).text.includes('IDN-091'));
holds('and an answer that B has used up A does not take');

const several = new Browser();
await several.logIn(helseid, SEVERAL);
const before = several.jar.get(new URL(base).host).get('akson');
const roles = await several.ask(A, '/rolle');
assert.ok(roles.text.includes('name="rolle"'), roles.text);
assert.equal((await several.send(B, roles, '/rolle', [['rolle', '1'], ['til', '/pasienter']])).to, `${base}/pasienter`);
assert.ok(await several.isIn(A, people[SEVERAL].name) && await several.isIn(B, people[SEVERAL].name));
const place = async (node) => /<header.*?<\/header>/s.exec((await several.ask(node, '/pasienter')).text)[0].replace(/value="[^"]*"/g, '');
assert.equal(await place(A), await place(B));
holds('a form of A is taken by B, and the role that B heard of holds on A');
const old = new Browser();
old.jar.set(new URL(base).host, new Map([['akson', before]]));
assert.ok(!(await old.isIn(A, people[SEVERAL].name)));
holds('the ticket from before the choice on B is nobody\'s on A');

const nurses = nurse.jar.get(new URL(base).host);
const kept = nurses.get('akson');
const out = await nurse.send(B, await nurse.ask(A, '/'), '/logg-ut', []);
// The provider is told by the ID token, which A or B sealed with the ticket.
assert.match(out.headers.get('refresh') ?? '', /\/session\/end\?id_token_hint=eyJ/);
nurses.set('akson', kept);
const left = await nurse.ask(A, '/');
assert.equal(left.status, 303);
assert.ok(left.to.includes('/logg-inn'), left.to);
holds('whoever logs out on B is out on A, with the old ticket in hand');

const ended = new Browser();
await ended.logIn(helseid, NURSE);
assert.ok(await ended.isIn(A, people[NURSE].name));
const { sid } = JSON.parse(Buffer.from(helseid.idToken.split('.')[1], 'base64url'));
const over = helseid.sign({
  iss: helseid.issuer, aud: 'akson-helseid', iat: now(), exp: now() + 120, jti: randomUUID(), sid,
  events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, { alg: 'PS256', typ: 'logout+jwt', kid: helseid.keys.PS256.kid });
const body = new URLSearchParams({ logout_token: over }).toString();
const told = await fetch(`${base}/logg-inn/helseid/utlogging`, { method: 'POST', body, headers: { 'content-type': FORM, 'x-node': '1' } });
assert.equal(told.status, 200, await told.text());
assert.ok(!(await ended.isIn(A, people[NURSE].name)));
holds('what the provider tells B is over is over on A (back channel)');

const front = new Browser();
await front.logIn(idPorten, 'Innbygger', { begin: B, end: A });
assert.ok(await front.isIn(B, people.Innbygger.name));
const theirs = JSON.parse(Buffer.from(idPorten.idToken.split('.')[1], 'base64url')).sid;
const query = new URLSearchParams({ iss: idPorten.issuer, sid: theirs });
assert.equal((await fetch(`${base}/logg-inn/id-porten/utlogging?${query}`, { headers: { 'x-node': '1' } })).status, 200);
assert.ok(!(await front.isIn(A, people.Innbygger.name)));
holds('and so is what its page tells B (front channel)');

// ---- Apps.

const APP = 'dagbok';
const REDIRECT = 'http://127.0.0.1:9/app/callback';
const citizen = new Browser();
await citizen.logIn(idPorten, 'Innbygger');
const unescape = (text) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");

/** A code for the app: the request goes to A, the question is asked by B and answered to A. */
async function coded() {
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    client_id: APP, redirect_uri: REDIRECT, response_type: 'code', scope: 'patient/*.rs offline_access', state: 's',
    aud: `${base}/fhir`, code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
  });
  const arrival = await citizen.ask(A, `/oauth2/authorize?${asked}`);
  const question = unescape(/http-equiv="refresh" content="0; url=([^"]*)"/.exec(arrival.text)[1]);
  const shown = await citizen.ask(B, question);
  assert.equal(shown.status, 200, shown.text);
  const scopes = [...shown.text.matchAll(/name="omfang" value="([^"]*)"/g)].map(([, scope]) => ['omfang', unescape(scope)]);
  const whom = /name="pasient" value="([^"]*)"/.exec(shown.text)?.[1];
  const fields = [...scopes, ...(whom ? [['pasient', whom]] : []), ['svar', 'tillat']];
  const back = await citizen.send(A, shown, question, fields);
  const code = new URL(back.to).searchParams.get('code');
  assert.ok(code, back.to);
  return { grant_type: 'authorization_code', client_id: APP, code, redirect_uri: REDIRECT, code_verifier: verifier };
}

async function oauth(node, what, fields, headers = {}) {
  const response = await fetch(`${base}/oauth2/${what}`, {
    method: 'POST', body: new URLSearchParams(fields).toString(), headers: { 'content-type': FORM, 'x-node': String(node), ...headers } });
  const text = await response.text();
  return { status: response.status, nonce: response.headers.get('dpop-nonce'), body: text ? JSON.parse(text) : {} };
}

async function read(node, token, { scheme = 'Bearer', ...headers } = {}) {
  const response = await fetch(`${base}/fhir/Observation?_count=1`, {
    headers: { 'x-node': String(node), authorization: `${scheme} ${token}`, ...headers } });
  return { status: response.status, nonce: response.headers.get('dpop-nonce'), text: await response.text() };
}

const fields = await coded();
const given = await oauth(B, 'token', fields);
assert.equal(given.status, 200, JSON.stringify(given.body));
for (const node of [A, B]) assert.equal((await read(node, given.body.access_token)).status, 200);
holds('a code that A gave is redeemed on B, and the token is good on both');
const again = await oauth(A, 'token', fields);
assert.equal(`${again.status} ${again.body.error}`, '400 invalid_grant');
for (const node of [B, A]) assert.equal((await read(node, given.body.access_token)).status, 401);
holds('the code comes again to A: what it gave ends everywhere');

const twice = await coded();
const race = await Promise.all([A, B, A, B].map((node) => oauth(node, 'token', twice)));
assert.ok(race.filter(({ status }) => status === 200).length <= 1, JSON.stringify(race));
holds('of four who redeem a code on both at the same moment at most one gets something');

const tokens = (await oauth(A, 'token', await coded())).body;
assert.equal((await read(A, tokens.access_token)).status, 200);
assert.equal((await oauth(B, 'revoke', { client_id: APP, token: tokens.refresh_token })).status, 200);
const refused = await read(A, tokens.access_token);
assert.ok(refused.status === 401 && refused.text.includes('APP-040'), `${refused.status} ${refused.text}`);
holds('what is given back on B is refused on A, which had taken it a moment ago');

const key = newKey('app', 'ES256');
const { kty, crv, x, y } = key;
const proof = (htm, path, more) => jws({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty, crv, x, y } },
  { jti: randomUUID(), iat: now(), htm, htu: `${base}${path}`, ...more }, key);
const { nonce } = await oauth(A, 'token', await coded(), { dpop: proof('POST', '/oauth2/token', {}) });
assert.ok(nonce);
const first = proof('POST', '/oauth2/token', { nonce });
const bound = await oauth(B, 'token', await coded(), { dpop: first });
assert.equal(bound.body.token_type, 'DPoP', JSON.stringify(bound));
holds('a nonce of A is one of B');
const replayed = await oauth(A, 'token', await coded(), { dpop: first });
assert.equal(replayed.body.error, 'invalid_dpop_proof', JSON.stringify(replayed));
const ath = createHash('sha256').update(bound.body.access_token).digest('base64url');
const second = proof('GET', '/fhir/Observation', { nonce, ath });
const [here, there] = [await read(A, bound.body.access_token, { scheme: 'DPoP', dpop: second }),
  await read(B, bound.body.access_token, { scheme: 'DPoP', dpop: second })];
assert.equal(here.status, 200, here.text);
assert.ok(there.status === 401 && there.text.includes('IDN-026'), there.text);
holds('a proof that one has seen the other refuses, at the token endpoint and at /fhir');

// ---- Attempts to log in.

const trying = new Browser();
const statuses = [];
for (let turn = 0; turn < 12; turn += 1) statuses.push((await trying.ask(turn % 2, '/logg-inn/helseid')).status);
assert.deepEqual(statuses, [...Array(8).fill(303), ...Array(4).fill(429)]);
holds('attempts to log in are counted together');

// ---- One of them dies.

const doctor = new Browser();
await doctor.logIn(helseid, NURSE, { begin: A, end: A });
assert.ok(await doctor.isIn(A, people[NURSE].name));
const start = await new Browser().ask(A, '/logg-inn/helseid');
assert.equal(start.status, 303);
const online = (await oauth(A, 'token', await coded())).body;
process.kill(started[A][1], 'SIGKILL');
assert.ok(await doctor.isIn(B, people[NURSE].name));
assert.equal((await read(B, online.access_token)).status, 200);
holds('A is killed: who was in by it is in on B, and its tokens are good there');
const fresh = new Browser();
await fresh.logIn(helseid, NURSE, { begin: B, end: B });
assert.ok(await fresh.isIn(B, people[NURSE].name));
holds('and others log in');

console.log(`${held} held`);
process.exit(0);
