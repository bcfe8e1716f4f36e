// SMART apps against the real binary: npm's `openid-client` and `oauth4webapi` as the apps, people of
// the demo who let them in. Each thing that holds is counted; the first that does not ends it.
//
// node smart_apps.mjs ROOT

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import * as client from 'openid-client';

import { Browser, endpoint } from './akson_pages.mjs';

const [root] = process.argv.slice(2);
const base = `${root}/fhir`;
const REDIRECT = 'http://127.0.0.1:9/app/callback';
let held = 0;
const holds = (name) => { held += 1; if (process.env.TELL) console.error(name); };
const insecure = { execute: [client.allowInsecureRequests] };

// ---- The administrator registers an app.

const admin = await Browser.login(root, 'Administrator');
async function register(app) {
  const { status, body } = await admin.fhir('POST', 'Endpoint', endpoint(app));
  assert.equal(status, 201, JSON.stringify(body));
  return body.id;
}
const SCOPES = ['openid', 'fhirUser', 'launch', 'launch/patient', 'offline_access', 'online_access',
  'patient/*.rs', 'patient/Observation.cruds', 'user/*.rs'];
const publicApp = await register({ id: 'blodtrykk', name: 'Blodtrykksdagboken', redirects: [REDIRECT], scopes: SCOPES });
holds('an app is registered as an Endpoint');

// ---- What apps learn first.

const discovered = (id, auth = client.None()) => client.discovery(new URL(root), id, undefined, auth, insecure);
const config = await discovered('blodtrykk');
const smart = await (await fetch(`${base}/.well-known/smart-configuration`, { headers: { origin: 'https://app.example' } })).json();
assert.equal(smart.authorization_endpoint, config.serverMetadata().authorization_endpoint);
assert.deepEqual(smart.code_challenge_methods_supported, ['S256']);
holds('smart-configuration and openid-configuration say the same');
const statement = await (await fetch(`${base}/metadata`)).json();
const { security } = statement.rest[0];
assert.deepEqual(security.service.map((one) => one.coding[0].code), ['SMART-on-FHIR', 'OAuth']);
assert.equal(security.extension[0].extension.find((one) => one.url === 'token').valueUri, smart.token_endpoint);
holds('the CapabilityStatement has the oauth-uris');
const preflight = await fetch(smart.token_endpoint, { method: 'OPTIONS', headers: { origin: 'https://app.example' } });
assert.equal(preflight.headers.get('access-control-allow-origin'), 'https://app.example');
assert.match(preflight.headers.get('access-control-allow-methods'), /POST/);
holds('scripts of other origins may ask the token endpoint');

// ---- A citizen lets it in.

/** An address to send a person to, and what is needed when they come back. */
async function ask(more = {}, of = config) {
  const verifier = client.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: REDIRECT, scope: 'openid fhirUser launch/patient patient/Observation.rs offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    state: client.randomState(), nonce: client.randomNonce(), aud: base, ...more,
  };
  if (!parameters.scope?.includes('openid')) delete parameters.nonce;
  for (const name of Object.keys(parameters)) if (parameters[name] === undefined) delete parameters[name];
  const address = client.buildAuthorizationUrl(of, parameters);
  const checks = { pkceCodeVerifier: verifier, expectedState: parameters.state, expectedNonce: parameters.nonce };
  return { address, checks, parameters, verifier };
}
const exchange = (back, checks, of = config, options = undefined) =>
  client.authorizationCodeGrant(of, back, checks, undefined, options);
const CITIZEN = 'Jonas Myklebust';
const citizen = await Browser.login(root, 'Innbygger', CITIZEN);

const first = await ask();
const asked = await citizen.arrive(first.address);
assert.match(asked.page, /Vil du slippe inn Blodtrykksdagboken\?/);
assert.match(asked.page, /Lese målinger og prøvesvar i denne journalen/);
assert.match(asked.page, new RegExp(CITIZEN));
assert.ok(!asked.page.includes('patient/Observation.cruds'));
holds('the page says who asks, for what and for whom');
const back = await citizen.answer(asked.page);
assert.equal(back.searchParams.get('iss'), root);
const tokens = await exchange(back, first.checks);
assert.equal(tokens.token_type, 'bearer');
assert.equal(tokens.scope, first.parameters.scope);
assert.ok(tokens.expires_in <= 300 && tokens.refresh_token && tokens.patient && tokens.need_patient_banner);
const claims = tokens.claims();
assert.equal(claims.fhirUser, `${base}/Patient/${tokens.patient}`);
assert.ok(!JSON.stringify(claims).match(/\d{11}/));
holds('the code gives tokens, the patient and an ID token that openid-client believes');


// ---- The token at /fhir.

const read = async (path, accessToken, more = {}) => {
  const response = await fetch(`${base}/${path}`, { headers: { authorization: `Bearer ${accessToken}`, ...more } });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined, headers: response.headers };
};
const code = ({ body }) => body?.issue?.[0]?.details?.coding?.[0]?.code;
const patient = tokens.patient;
async function lets(name, path, accessToken) {
  const answer = await read(path, accessToken);
  assert.equal(answer.status, 200, `${name}: ${JSON.stringify(answer.body)}`);
  holds(name);
  return answer.body;
}
async function refuses(name, path, accessToken, status, expected) {
  const answer = await read(path, accessToken);
  assert.equal(answer.status, status, `${name}: ${JSON.stringify(answer.body)}`);
  if (expected) assert.equal(code(answer), expected, name);
  if (status === 401) assert.match(answer.headers.get('www-authenticate'), /error="invalid_token"/, name);
  holds(name);
}
const observations = await lets('the app searches what it was let in for', `Observation?patient=${patient}&_count=5`, tokens.access_token);
assert.ok(observations.entry.length > 0);
assert.ok(observations.entry.every(({ resource }) => resource.subject.reference === `Patient/${patient}`));
await refuses('what was not asked for is not there', `Condition?patient=${patient}`, tokens.access_token, 403);
const others = await read('Observation?_count=50', tokens.access_token);
assert.ok(!(others.body.entry ?? []).some(({ resource }) => resource.subject?.reference !== `Patient/${patient}`));
holds('a search without a patient finds nobody else');
await refuses('a token that is nobody\'s', 'Observation', 'A'.repeat(43), 401, 'APP-040');
await refuses('a tampered token', 'Observation', tokens.access_token.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')), 401, 'APP-040');
assert.equal((await fetch(`${base}/Observation`)).status, 401);
holds('nothing shown');

// ---- What the citizen allowed stands in their journal.

const consents = async () => (await citizen.fhir('GET', `Consent?patient=${patient}&_count=50`)).body.entry
  .map(({ resource }) => resource)
  .filter((one) => one.category[0].coding[0].system === 'https://akson.no/fhir/CodeSystem/app-consent');
const [allowed] = await consents();
assert.equal(allowed.status, 'active');
assert.equal(allowed.provision.actor[0].reference.reference, `Endpoint/${publicApp}`);
const gp = await Browser.login(root, 'Fastlege');
assert.equal((await gp.fhir('GET', `Patient/${patient}`)).status, 200);
const seen = await gp.fhir('GET', `Observation?patient=${patient}&_count=1`);
assert.ok(seen.body.entry?.length, 'the Consent blocks nobody');
holds('the Consent is there, and blocks nobody');

// ---- Refresh, with rotation.

const oauth = async (path, fields, headers = {}) => {
  const response = await fetch(`${root}/oauth2/${path}`, {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined, headers: response.headers };
};
async function denies(name, answer, error, expected, status = error === 'invalid_client' ? 401 : 400) {
  const { status: got, body, headers } = await answer;
  assert.equal(body.error, error, `${name}: ${JSON.stringify(body)}`);
  assert.equal(got, status, name);
  if (expected) assert.ok(body.error_description.startsWith(expected), `${name}: ${body.error_description}`);
  assert.equal(headers.get('cache-control'), 'no-store', name);
  holds(name);
}
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
assert.equal(refreshed.patient, patient);
assert.equal(refreshed.claims().sub, claims.sub);
await lets('a refreshed token reads', `Observation?patient=${patient}&_count=1`, refreshed.access_token);
const fewer = await client.refreshTokenGrant(config, refreshed.refresh_token, { scope: 'patient/Observation.r' });
assert.equal(fewer.scope, 'patient/Observation.r');
await refuses('a token that was narrowed at the refresh', `Observation?patient=${patient}`, fewer.access_token, 403);
await lets('a narrowed token reads by id', `Observation/${observations.entry[0].resource.id}`, fewer.access_token);
for (const scope of ['patient/Condition.rs', 'patient/Observation.cruds', 'user/Observation.rs', 'system/Observation.rs', 'online_access', 'patient/*.rs']) {
  await denies(`widening at a refresh to ${scope}`,
    oauth('token', { grant_type: 'refresh_token', client_id: 'blodtrykk', refresh_token: fewer.refresh_token, scope }), 'invalid_scope', 'APP-032');
}
const again = await client.refreshTokenGrant(config, fewer.refresh_token);
assert.equal(again.scope, first.parameters.scope);
holds('the next refresh gives what was allowed again');
const unnamed = await oauth('token', { grant_type: 'refresh_token', refresh_token: again.refresh_token });
assert.equal(unnamed.status, 200, JSON.stringify(unnamed.body));
again.access_token = unnamed.body.access_token;
again.refresh_token = unnamed.body.refresh_token;
await denies('a refresh by nobody, with nobody\'s token', oauth('token', { grant_type: 'refresh_token', refresh_token: 'x' }), 'invalid_client', 'APP-023');
holds('a public app need not name itself at a refresh');

// ---- Introspection and revocation.

const introspected = await client.tokenIntrospection(config, again.access_token);
assert.deepEqual([introspected.active, introspected.client_id, introspected.patient, introspected.scope],
  [true, 'blodtrykk', patient, first.parameters.scope]);
assert.equal((await client.tokenIntrospection(config, again.refresh_token)).active, true);
assert.equal((await client.tokenIntrospection(config, fewer.refresh_token)).active, false);
assert.equal((await client.tokenIntrospection(config, 'unknown')).active, false);
const bySelf = await oauth('introspect', { token: again.access_token }, { authorization: `Bearer ${again.access_token}` });
assert.equal(bySelf.body.active, true);
holds('introspection tells the app of its own tokens');
await client.tokenRevocation(config, again.access_token);
await refuses('a revoked token', 'Observation', again.access_token, 401, 'APP-040');
assert.equal((await client.tokenIntrospection(config, again.access_token)).active, false);
const before = await client.refreshTokenGrant(config, again.refresh_token);
await client.tokenRevocation(config, before.refresh_token);
await refuses('a token whose refresh token was revoked', 'Observation', before.access_token, 401, 'APP-040');
await denies('a revoked refresh token', oauth('token', { grant_type: 'refresh_token', client_id: 'blodtrykk', refresh_token: before.refresh_token }), 'invalid_grant', 'APP-031');

// ---- Reuse ends everything.

/** A citizen's tokens for the app, fresh. */
async function fresh(more = {}, of = config, who = citizen, options = undefined, answer = {}) {
  const { address, checks } = await ask(more, of);
  return exchange(await who.allow(address, answer), checks, of, options);
}
const stolen = await fresh();
const next = await client.refreshTokenGrant(config, stolen.refresh_token);
await denies('a refresh token that comes again', oauth('token', { grant_type: 'refresh_token', client_id: 'blodtrykk', refresh_token: stolen.refresh_token }), 'invalid_grant', 'APP-031');
await refuses('the token of the family', 'Observation', next.access_token, 401, 'APP-040');
await denies('the newest refresh token of the family', oauth('token', { grant_type: 'refresh_token', client_id: 'blodtrykk', refresh_token: next.refresh_token }), 'invalid_grant', 'APP-031');

await register({ id: 'annen', name: 'En annen app', redirects: [REDIRECT], scopes: SCOPES });
const lent = await fresh();
await denies('another client\'s refresh token', oauth('token', { grant_type: 'refresh_token', client_id: 'annen', refresh_token: lent.refresh_token }), 'invalid_grant', 'APP-031');
await refuses('and what was given with it', 'Observation', lent.access_token, 401, 'APP-040');
const both = await fresh();
const twice = await Promise.all([1, 2].map(() => oauth('token', { grant_type: 'refresh_token', client_id: 'blodtrykk', refresh_token: both.refresh_token })));
assert.ok(twice.filter(({ status }) => status === 200).length <= 1);
for (const { body } of twice.filter(({ status }) => status === 200)) {
  assert.equal((await read('Observation', body.access_token)).status, 401);
}
holds('of two refreshes at the same time, none goes on');

// ---- Codes.

async function coded(more = {}) {
  const asked = await ask(more);
  const back = await citizen.allow(asked.address);
  const fields = { grant_type: 'authorization_code', client_id: 'blodtrykk', code: back.searchParams.get('code'), redirect_uri: REDIRECT, code_verifier: asked.verifier };
  return { ...asked, back, fields };
}
const replayed = await coded();
const given = await oauth('token', replayed.fields);
assert.equal(given.status, 200);
await denies('a code that comes again', oauth('token', replayed.fields), 'invalid_grant', 'APP-030');
await refuses('what the replayed code gave', 'Observation', given.body.access_token, 401, 'APP-040');
for (const [name, more, error = 'invalid_grant', expected = 'APP-030'] of [
  ['another verifier', { code_verifier: client.randomPKCECodeVerifier() }],
  ['no verifier', { code_verifier: '' }, 'invalid_request', 'APP-010'],
  ['another redirect address', { redirect_uri: 'http://127.0.0.1:9/other' }],
  ['another client', { client_id: 'annen' }],
  ['an unknown client', { client_id: 'ingen' }, 'invalid_client', 'APP-023'],
  ['a client secret', { client_secret: 'x' }, 'invalid_client', 'APP-020'],
  ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type', 'APP-026'],
  ['client_credentials of an app', { grant_type: 'client_credentials', scope: 'system/*.rs' }, 'unauthorized_client', 'APP-027'],
]) {
  const { fields } = await coded();
  await denies(name, oauth('token', { ...fields, ...more }), error, expected);
}
const { fields: once } = await coded();
const doubled = await fetch(`${root}/oauth2/token`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `${new URLSearchParams(once)}&code=x` });
assert.equal((await doubled.json()).error, 'invalid_request');
holds('a parameter that stands twice');
const asJson = await fetch(`${root}/oauth2/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(once) });
assert.equal((await asJson.json()).error, 'invalid_request');
holds('a body that is no form');

// ---- Requests that are not put to a person.

const [verifier] = [client.randomPKCECodeVerifier()];
const challenge = await client.calculatePKCECodeChallenge(verifier);
for (const [name, more, error, expected] of [
  ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request', 'APP-013'],
  ['plain PKCE', { code_challenge: verifier, code_challenge_method: 'plain' }, 'invalid_request', 'APP-013'],
  ['PKCE without a method', { code_challenge: challenge, code_challenge_method: undefined }, 'invalid_request', 'APP-013'],
  ['a challenge that is no digest', { code_challenge: 'kort' }, 'invalid_request', 'APP-013'],
  ['another audience', { aud: 'https://journal.example.no/fhir' }, 'invalid_request', 'APP-014'],
  ['no audience', { aud: undefined }, 'invalid_request', 'APP-010'],
  ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type', 'APP-012'],
  ['a fragment', { response_mode: 'fragment' }, 'invalid_request', 'APP-012'],
  ['a request object', { request: 'x.y.z' }, 'request_not_supported', 'APP-012'],
  ['without asking', { prompt: 'none' }, 'interaction_required', 'APP-016'],
  ['no scope', { scope: undefined }, 'invalid_request', 'APP-010'],
  ['scopes that it may not have', { scope: 'patient/Condition.cud system/*.rs admin' }, 'invalid_scope', 'APP-017'],
  ['a scope that cannot be read', { scope: 'patient/Observation.rx' }, 'invalid_scope', 'ACC-002'],
  ['an unknown launch', { scope: 'launch patient/*.rs', launch: 'x' }, 'invalid_request', 'APP-015'],
  ['a launch scope without a launch', { scope: 'launch patient/*.rs' }, 'invalid_request', 'APP-010'],
]) {
  const { address, parameters } = await ask(more);
  const { back: to, page } = await citizen.arrive(address);
  assert.ok(to, `${name}: ${page}`);
  assert.equal(to.origin + to.pathname, REDIRECT, name);
  assert.equal(to.searchParams.get('error'), error, `${name}: ${to}`);
  assert.ok(to.searchParams.get('error_description').startsWith(expected), `${name}: ${to}`);
  assert.equal(to.searchParams.get('state'), parameters.state, name);
  assert.equal(to.searchParams.get('iss'), root, name);
  holds(name);
}
for (const [name, change] of [
  ['an unknown app', (url) => url.searchParams.set('client_id', 'ingen')],
  ['another redirect address', (url) => url.searchParams.set('redirect_uri', 'https://evil.example/')],
  ['a redirect address with more to it', (url) => url.searchParams.set('redirect_uri', `${REDIRECT}/x`)],
  ['a redirect address with a query', (url) => url.searchParams.set('redirect_uri', `${REDIRECT}?x=1`)],
  ['a parameter that stands twice', (url) => url.searchParams.append('client_id', 'annen')],
]) {
  const { address } = await ask();
  change(address);
  const response = await citizen.ask(address);
  assert.equal(response.status, 400, name);
  assert.equal(response.headers.get('location'), null, name);
  holds(`${name} is told here and leads nowhere`);
}
const posted = await ask();
const byPost = await citizen.ask('/oauth2/authorize', {
  method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://app.example' },
  body: posted.address.search.slice(1),
});
assert.match(await byPost.text(), /http-equiv="refresh"/);
holds('an app may ask by POST');
const no = await ask();
const asking = await citizen.arrive(no.address);
const refusal = await citizen.answer(asking.page, { yes: false });
assert.equal(refusal.searchParams.get('error'), 'access_denied');
assert.equal(refusal.searchParams.get('state'), no.parameters.state);
holds('the person says no');
const late = await citizen.send(citizen.question, asking.page, [['svar', 'tillat'], ['omfang', 'patient/Observation.rs'], ['pasient', patient]]);
assert.equal(late.status, 404);
holds('a question is answered once');
const forged = await ask();
const page = await citizen.arrive(forged.address);
const cross = await citizen.ask(citizen.question, {
  method: 'POST', headers: { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams([['skjema', page.page.match(/name="skjema" value="([^"]*)"/)[1]], ['svar', 'tillat']]).toString(),
});
assert.equal(cross.status, 403);
holds('another site cannot answer for the person');
const stranger = new Browser(root);
const unknown = await stranger.arrive((await ask()).address);
assert.match(unknown.back.pathname + unknown.back.search, /^\/logg-inn\?til=%2Foauth2%2Fsamtykke%2F/);
holds('whoever is not logged in logs in first, and comes back');
const tampered = await citizen.answer(page.page, { patient: 'fv-00001' });
assert.equal(tampered.status, 422);
holds('nobody is let in for a journal that is not the citizen\'s');

// ---- Less than was asked for.

const part = await fresh({ scope: 'openid patient/Observation.rs patient/Condition.rs offline_access' }, config, citizen, undefined,
  { leave: ['patient/Condition.rs', 'offline_access'] });
assert.equal(part.scope, 'openid patient/Observation.rs');
assert.equal(part.refresh_token, undefined);
await refuses('what the person left out', `Condition?patient=${patient}`, part.access_token, 403);
const narrow = await fresh({ scope: 'patient/Observation.rs?category=laboratory' });
const laboratory = await lets('a scope with a search parameter', `Observation?patient=${patient}&_count=200`, narrow.access_token);
assert.ok(laboratory.entry.every(({ resource }) => resource.category.some((one) => one.coding.some((coding) => coding.code === 'laboratory'))));
const first1 = await fresh({ scope: 'patient/Observation.read' });
await lets('a scope of SMART 1.0', `Observation?patient=${patient}&_count=1`, first1.access_token);


// ---- A bound token.

const keyPair = await client.randomDPoPKeyPair('ES256');
const handle = client.getDPoPHandle(config, keyPair);
const bound = await fresh({}, config, citizen, { DPoP: handle });
assert.equal(bound.token_type, 'dpop');
const address = new URL(`${base}/Observation?patient=${patient}&_count=1`);
const shown = await client.fetchProtectedResource(config, bound.access_token, address, 'GET', undefined, undefined, { DPoP: handle });
assert.equal(shown.status, 200, await shown.text());
holds('a bound token with its proof reads');
await refuses('a bound token as Bearer', 'Observation', bound.access_token, 401, 'IDN-029');
assert.ok((await client.tokenIntrospection(config, bound.access_token)).cnf.jkt);
await denies('a bound refresh token without a proof', oauth('token', { grant_type: 'refresh_token', client_id: 'blodtrykk', refresh_token: bound.refresh_token }), 'invalid_grant', 'APP-031');
const otherHandle = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
await assert.rejects(client.refreshTokenGrant(config, bound.refresh_token, undefined, { DPoP: otherHandle }), (error) => error.error === 'invalid_grant');
holds('a bound refresh token with another key');
const boundAgain = await client.refreshTokenGrant(config, bound.refresh_token, undefined, { DPoP: handle });
assert.equal(boundAgain.token_type, 'dpop');
holds('a bound refresh token with its key');

// ---- Proofs made by hand, by oauth4webapi's primitives of WebCrypto.

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const ALGORITHMS = {
  ES256: { generate: { name: 'ECDSA', namedCurve: 'P-256' }, sign: { name: 'ECDSA', hash: 'SHA-256' } },
  ES384: { generate: { name: 'ECDSA', namedCurve: 'P-384' }, sign: { name: 'ECDSA', hash: 'SHA-384' } },
  RS384: { generate: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, sign: { name: 'RSASSA-PKCS1-v1_5' } },
  RS256: { generate: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, sign: { name: 'RSASSA-PKCS1-v1_5' } },
  PS256: { generate: { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, sign: { name: 'RSA-PSS', saltLength: 32 } },
};
async function newKey(alg, kid) {
  const pair = await crypto.subtle.generateKey(ALGORITHMS[alg].generate, true, ['sign', 'verify']);
  const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey);
  delete jwk.ext; delete jwk.key_ops; delete jwk.alg;
  return { alg, kid, pair, jwk: { ...jwk, kid, use: 'sig' } };
}
async function jwt(key, payload, header = {}) {
  const signed = `${b64({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header })}.${b64(payload)}`;
  const signature = await crypto.subtle.sign(ALGORITHMS[key.alg].sign, key.pair.privateKey, Buffer.from(signed));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}
const now = () => Math.floor(Date.now() / 1000);
const proofKey = await newKey('ES256');
let nonce;
async function withProof(fields, more = {}) {
  const { kty, crv, x, y } = proofKey.jwk;
  const proof = typeof more === 'string' ? more : await jwt(proofKey,
    { htm: 'POST', htu: `${root}/oauth2/token`, iat: now(), jti: randomUUID(), nonce, ...more },
    { typ: 'dpop+jwt', jwk: { kty, crv, x, y }, kid: undefined });
  const answer = await oauth('token', fields, { dpop: proof });
  nonce = answer.headers.get('dpop-nonce') ?? nonce;
  return { ...answer, proof };
}
await denies('a proof without our nonce', withProof((await coded()).fields), 'use_dpop_nonce', 'IDN-028');
const good = await withProof((await coded()).fields);
assert.equal(good.body.token_type, 'DPoP', JSON.stringify(good.body));
await denies('a proof that comes again', withProof((await coded()).fields, good.proof), 'invalid_dpop_proof', 'IDN-026');
await denies('a proof for another address', withProof((await coded()).fields, { htu: `${base}/Patient` }), 'invalid_dpop_proof', 'IDN-023');
await denies('an old proof', withProof((await coded()).fields, { iat: now() - 120 }), 'invalid_dpop_proof', 'IDN-024');
const announced = await coded({ dpop_jkt: createHash('sha256').update('another key').digest('base64url') });
await denies('another key than was announced', withProof(announced.fields), 'invalid_grant', 'APP-030');

// ---- Clients with keys, and systems.

const keys = {};
for (const alg of Object.keys(ALGORITHMS)) keys[alg] = await newKey(alg, `key-${alg}`);
const jwks = { keys: Object.values(keys).map(({ jwk }) => jwk) };
const organisation = (await admin.fhir('GET', 'Organization?name=Fjordgata&_count=1')).body.entry[0].resource;
const systemApp = await register({ id: 'statistikk', name: 'Statistikk', kind: 'backend-service', keys: jwks, organisation: `Organization/${organisation.id}`, scopes: ['system/Patient.rs', 'system/Observation.rs', 'system/Organization.rs'] });
const asserted = async (more = {}, { key = keys.ES384, header = {}, fields = {} } = {}) => ({
  grant_type: 'client_credentials', scope: 'system/Observation.rs system/Organization.rs',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: await jwt(key, { iss: 'statistikk', sub: 'statistikk', aud: `${root}/oauth2/token`, jti: randomUUID(), iat: now(), exp: now() + 240, ...more }, header),
  ...fields,
});
for (const alg of ['ES384', 'ES256', 'RS384', 'PS256']) {
  const { status, body } = await oauth('token', await asserted({}, { key: keys[alg] }));
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual([body.scope, body.refresh_token, body.id_token], ['system/Observation.rs system/Organization.rs', undefined, undefined]);
  holds(`a system proves who it is with ${alg}`);
}
const system = (await oauth('token', await asserted())).body.access_token;
await lets('a system reads registers', 'Organization?_count=1', system);
const ofOrganisation = await lets('a system searches its organisation\'s patients', 'Observation?_count=20', system);
assert.ok(ofOrganisation.entry.length > 0);
await refuses('a system reads what it has no scope for', 'Condition?_count=1', system, 403);
const library = await discovered('statistikk', client.PrivateKeyJwt({ key: keys.ES384.pair.privateKey, kid: 'key-ES384' }));
const credentials = await client.clientCredentialsGrant(library, { scope: 'system/Observation.rs' });
assert.equal((await client.tokenIntrospection(library, credentials.access_token)).client_id, 'statistikk');
await client.tokenRevocation(library, credentials.access_token);
assert.equal((await client.tokenIntrospection(library, credentials.access_token)).active, false);
holds('openid-client gets, looks into and gives back a system\'s token');
const foreign = await fresh({ scope: 'patient/Observation.rs offline_access' });
assert.equal((await client.tokenIntrospection(library, foreign.access_token)).active, false);
await client.tokenRevocation(library, foreign.access_token);
await lets('another client neither sees nor revokes a token', `Observation?patient=${patient}&_count=1`, foreign.access_token);

const repeated = await asserted();
assert.equal((await oauth('token', repeated)).status, 200);
await denies('an assertion that comes again', oauth('token', repeated), 'invalid_client', 'APP-025');
const strange = await newKey('ES384', 'key-ES384');
const publicPem = await crypto.subtle.exportKey('spki', keys.RS384.pair.publicKey);
const { createHmac } = await import('node:crypto');
const confused = async () => {
  const { client_assertion: real, ...fields } = await asserted();
  const signed = `${b64({ alg: 'HS256', typ: 'JWT', kid: 'key-RS384' })}.${real.split('.')[1]}`;
  return { ...fields, client_assertion: `${signed}.${createHmac('sha256', Buffer.from(publicPem)).update(signed).digest('base64url')}` };
};
const changed = async () => {
  const { client_assertion: real, ...fields } = await asserted();
  const [head, payload, signature] = real.split('.');
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url')), exp: now() + 299 };
  return { ...fields, client_assertion: [head, b64(claims), signature].join('.') };
};
const unsigned = async () => {
  const { client_assertion: real, ...fields } = await asserted();
  return { ...fields, client_assertion: `${b64({ alg: 'none', typ: 'JWT' })}.${real.split('.')[1]}.` };
};
for (const [name, fields] of [
  ['another audience', await asserted({ aud: 'https://journal.example.no/oauth2/token' })],
  ['no audience', await asserted({ aud: undefined })],
  ['another issuer', await asserted({ iss: 'blodtrykk' })],
  ['expired', await asserted({ exp: now() - 11 })],
  ['too long a life', await asserted({ exp: now() + 3600 })],
  ['no end', await asserted({ exp: undefined })],
  ['from the future', await asserted({ iat: now() + 60 })],
  ['no jti', await asserted({ jti: undefined })],
  ['another key', await asserted({}, { key: strange })],
  ['an unknown key', await asserted({}, { header: { kid: 'x' } })],
  ['an algorithm that is not accepted', await asserted({}, { key: keys.RS256 })],
  ['an algorithm of another kind of key', await asserted({}, { header: { alg: 'RS384' } })],
  ['HS256 with the public key', await confused()],
  ['tampered', await changed()],
  ['unsigned', await unsigned()],
]) await denies(`an assertion: ${name}`, oauth('token', fields), 'invalid_client', 'APP-024');
await denies('an assertion of another type', oauth('token', await asserted({}, { fields: { client_assertion_type: 'x' } })), 'invalid_client', 'APP-022');
await denies('an assertion of another client', oauth('token', await asserted({}, { fields: { client_id: 'blodtrykk' } })), 'invalid_client', 'APP-022');
await denies('a client with keys without an assertion', oauth('token', { grant_type: 'client_credentials', client_id: 'statistikk', scope: 'system/Observation.rs' }), 'invalid_client', 'APP-021');
await denies('more than a system is registered for', oauth('token', await asserted({}, { fields: { scope: 'system/Condition.rs patient/Observation.rs' } })), 'invalid_scope', 'APP-017');

// ---- Keys at an address of the client's own.

const { createServer } = await import('node:http');
let published = { keys: [keys.ES384.jwk] };
let asks = 0;
const keyServer = createServer((request, response) => {
  asks += 1;
  if (request.url === '/away') { response.writeHead(302, { location: `${root}/fhir/metadata` }); response.end(); return; }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(published));
});
await new Promise((resolve) => { keyServer.listen(0, '127.0.0.1', resolve); });
const keyAddress = `http://127.0.0.1:${keyServer.address().port}`;
const more = { kind: 'backend-service', organisation: `Organization/${organisation.id}`, scopes: ['system/Observation.rs'] };
await register({ id: 'fjern', name: 'Fjern', keysAddress: `${keyAddress}/jwks`, ...more });
await register({ id: 'videre', name: 'Videre', keysAddress: `${keyAddress}/away`, ...more });
const remote = async (id, key = keys.ES384) => oauth('token', await asserted({ iss: id, sub: id }, { key, fields: { scope: 'system/Observation.rs' } }));
assert.equal((await remote('fjern')).status, 200);
assert.equal((await remote('fjern')).status, 200);
assert.equal(asks, 1);
holds('keys are fetched from the client\'s address, once');
await denies('a key that is not there', remote('fjern', strange), 'invalid_client', 'APP-024');
const away = await remote('videre');
assert.deepEqual([away.status, away.body.error], [503, 'temporarily_unavailable']);
holds('a redirect of the keys\' address is not followed');
keyServer.close();

// ---- Opened from the chart.

const practitioner = await Browser.login(root, 'Sykepleier');
const chartPatient = 'fv-00001';
const launched = await register({ id: 'sar', name: 'Sårjournalen', address: 'http://127.0.0.1:9/app/launch', redirects: [REDIRECT], scopes: SCOPES });
const chart = await (await practitioner.ask(`/pasient/${chartPatient}`)).text();
const link = chart.match(new RegExp(`/pasient/${chartPatient}/apper/${launched}`))?.[0];
assert.ok(link, 'the chart has the app');
const opened = await practitioner.ask(link);
assert.equal(opened.status, 303);
const opening = new URL(opened.headers.get('location'));
assert.equal(opening.origin + opening.pathname, 'http://127.0.0.1:9/app/launch');
assert.equal(opening.searchParams.get('iss'), base);
const launch = opening.searchParams.get('launch');
const ehr = await discovered('sar');
const launchScope = { scope: 'openid fhirUser launch patient/Observation.rs online_access', launch };
const atWork = await fresh(launchScope, ehr, practitioner);
assert.deepEqual([atWork.patient, atWork.need_patient_banner], [chartPatient, false]);
assert.match(atWork.claims().fhirUser, /\/Practitioner\//);
await lets('an app that was opened from the chart reads that patient', `Observation?patient=${chartPatient}&_count=1`, atWork.access_token);
assert.ok(!((await read(`Observation?patient=${patient}&_count=1`, atWork.access_token)).body.entry?.length));
holds('and no other patient');
const elsewhere = await ask(launchScope, ehr);
assert.equal((await gp.arrive(elsewhere.address)).status, 403);
holds('a launch is for the login that it was opened in');
const swapped = await ask({ ...launchScope }, config);
assert.equal((await practitioner.arrive(swapped.address)).back.searchParams.get('error'), 'invalid_request');
holds('a launch is for the app that was opened');

const alone = await ask({ scope: 'openid fhirUser launch/patient patient/Observation.rs offline_access' }, ehr);
const choosing = await practitioner.arrive(alone.address);
assert.ok(choosing.choose, JSON.stringify(choosing));
const found = await (await practitioner.ask(`${choosing.choose}?q=Ingrid`)).text();
const pick = found.match(/href="([^"]*\?pasient=fv-00001)"/)?.[1];
assert.ok(pick, found);
const asking2 = await (await practitioner.ask(pick)).text();
const picked = await exchange(await practitioner.answer(asking2), alone.checks, ehr);
assert.equal(picked.patient, chartPatient);
await lets('a clinician chooses the patient', `Observation?patient=${chartPatient}&_count=1`, picked.access_token);
const closed = await ask({ scope: 'launch/patient patient/Observation.rs' }, ehr);
await practitioner.arrive(closed.address);
assert.equal((await practitioner.ask(`${practitioner.question}?pasient=${patient}`)).status, 403);
holds('only a patient whose journal is open');

// ---- What ends a token.

await practitioner.logout();
await refuses('a token after logout', `Observation?patient=${chartPatient}`, atWork.access_token, 401, 'APP-043');
await denies('a refresh after logout', oauth('token', { grant_type: 'refresh_token', client_id: 'sar', refresh_token: atWork.refresh_token }), 'invalid_grant', 'APP-031');
await lets('a token with offline_access outlives the login', `Observation?patient=${chartPatient}&_count=1`, picked.access_token);
const change = async (id, edit) => {
  const { body } = await admin.fhir('GET', `Endpoint/${id}`);
  edit(body);
  const put = await admin.fhir('PUT', `Endpoint/${id}`, body);
  assert.equal(put.status, 200, JSON.stringify(put.body));
};
await change(launched, (one) => { one.status = 'off'; });
await refuses('a token of an app that was switched off', `Observation?patient=${chartPatient}`, picked.access_token, 401, 'APP-041');
await denies('a refresh of an app that was switched off', oauth('token', { grant_type: 'refresh_token', client_id: 'sar', refresh_token: picked.refresh_token }), 'invalid_client', 'APP-023');
await change(systemApp, (one) => { one.status = 'suspended'; });
await refuses('a token of a system that was switched off', 'Organization', system, 401, 'APP-041');
const wished = await fresh();
await lets('a token that the citizen allows', `Observation?patient=${patient}&_count=1`, wished.access_token);
for (const one of (await consents()).filter(({ status }) => status === 'active')) {
  one.status = 'inactive';
  assert.equal((await citizen.fhir('PUT', `Consent/${one.id}`, one)).status, 200);
}
await refuses('a token whose consent was withdrawn', 'Observation', wished.access_token, 401, 'APP-042');
await denies('a refresh after the consent was withdrawn', oauth('token', { grant_type: 'refresh_token', client_id: 'blodtrykk', refresh_token: wished.refresh_token }), 'invalid_grant', 'APP-031');

// ---- The quota of one app.

await change(publicApp, (one) => { one.extension.push({ url: 'https://akson.no/fhir/StructureDefinition/client-quota-per-minute', valuePositiveInt: 3 }); });
const busy = await fresh();
const answers = [];
for (let i = 0; i < 5; i += 1) answers.push(await read('Observation?_count=1', busy.access_token));
assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 429, 429]);
assert.ok(Number(answers[3].headers.get('retry-after')) > 0);
assert.equal(code(answers[3]), 'APP-047');
holds('an app over its quota waits');

console.log(`${held} held`);
process.exit(0);
