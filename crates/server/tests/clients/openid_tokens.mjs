// Drives a running server with access tokens: a certified provider gives them (oidc-provider), a
// certified client gets and shows them (openid-client), and tokens made by hand try to get past.
//
// Prints the issuer's address on its first line, then reads the FHIR base address from its input.
// Every further line that is printed is one thing that held; the first that does not ends the run.
import assert from 'node:assert/strict';
import { constants, createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign }
  from 'node:crypto';
import { createInterface } from 'node:readline';
import * as client from 'openid-client';
import { AUDIENCE, OpenIdProvider, PEOPLE, RESOURCE, SCOPE, newKey } from './openid_provider.mjs';

const clientKeys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const clientJwk = { ...await crypto.subtle.exportKey('jwk', clientKeys.publicKey), kid: 'client', use: 'sig' };
const common = {
  token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256',
  jwks: { keys: [clientJwk] },
};
const system = { ...common, grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: SCOPE };
const provider = await OpenIdProvider.start([
  { ...system, client_id: 'elin' },
  { ...system, client_id: 'elin-bound', dpop_bound_access_tokens: true },
  { ...common, client_id: 'elin-epj', grant_types: ['authorization_code'], response_types: ['code'],
    redirect_uris: ['https://epj.example.no/cb'], dpop_bound_access_tokens: true,
    require_pushed_authorization_requests: true, scope: `openid ${SCOPE}` },
]);
console.log(provider.issuer);
const base = (await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()).value;
const ORGANISATION = `${base}/Organization/vest`;

let held = 0;
const holds = (name) => { held += 1; console.log(`ok ${name}`); };

// ---- What is asked, and what must come back.

const ask = (url, headers = {}, method = 'GET') => fetch(url, { headers, method });

async function lets(name, response) {
  const body = await response.text();
  assert.equal(response.status, 200, `${name}: ${response.status} ${body}`);
  assert.equal(JSON.parse(body).resourceType, 'Organization', name);
  holds(name);
  return response;
}

async function refuses(name, response, status, code, error) {
  const text = await response.text();
  assert.equal(response.status, status, `${name}: ${response.status} ${text}`);
  const outcome = JSON.parse(text);
  assert.equal(outcome.resourceType, 'OperationOutcome', name);
  assert.equal(outcome.issue[0].details.coding[0].code, code, `${name}: ${text}`);
  const challenges = response.headers.get('www-authenticate') ?? '';
  if (error) assert.ok(challenges.includes(`error="${error}"`), `${name}: ${challenges}`);
  if (status === 401) assert.match(challenges, /DPoP .*algs="PS256 /, name);
  if (status === 403) assert.equal(challenges, '', name);
  assert.ok(!/eyJ|13818012/.test(text + challenges), `${name} tells too much: ${text} ${challenges}`);
  holds(name);
  return response;
}

// ---- The client of npm.

const discovered = (id) => client.discovery(
  new URL(provider.issuer), id, undefined, client.PrivateKeyJwt({ key: clientKeys.privateKey, kid: 'client' }),
  { execute: [client.allowInsecureRequests] },
);
const forSystem = { scope: SCOPE, resource: RESOURCE };
const bearerToken = async () => (await client.clientCredentialsGrant(await discovered('elin'), forSystem)).access_token;

/** Logs a person in as HelseID's clients do: pushed request, PKCE, code, bound token. */
async function personToken(config, person, options) {
  const verifier = client.randomPKCECodeVerifier();
  const address = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: 'https://epj.example.no/cb', scope: `openid ${SCOPE}`, resource: RESOURCE, login_hint: person,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  }, options);
  const cookies = new Map();
  let next = address;
  for (let steps = 0; next.origin === provider.issuer; steps += 1) {
    assert.ok(steps < 10, `the login goes in circles: ${next}`);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(next, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      if (value) cookies.set(name, value); else cookies.delete(name);
    }
    assert.ok(response.headers.get('location'), `${next}: ${response.status} ${await response.text()}`);
    next = new URL(response.headers.get('location'), next);
  }
  const checks = { pkceCodeVerifier: verifier, idTokenExpected: true };
  return client.authorizationCodeGrant(config, next, checks, { resource: RESOURCE }, options);
}

// ---- Tokens and proofs made by hand, with the provider's own keys.

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function jws(header, payload, jwk) {
  const signed = `${encode(header)}.${encode(payload)}`;
  const hash = `sha${header.alg.slice(-3)}`;
  const key = { key: createPrivateKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  if (header.alg.startsWith('PS')) {
    Object.assign(key, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
  }
  return `${signed}.${sign(hash, Buffer.from(signed), key).toString('base64url')}`;
}

const now = () => Math.floor(Date.now() / 1000);
const claims = (more = {}) => ({
  iss: provider.issuer, aud: AUDIENCE, exp: now() + 300, nbf: now() - 1, iat: now() - 1, jti: randomUUID(),
  client_id: 'elin', sub: 'elin', scope: SCOPE, 'helseid://claims/client/claims/orgnr_parent': '310000078', ...more,
});
function token(more = {}, alg = 'PS256', header = {}) {
  const key = provider.keys[alg];
  return jws({ alg, typ: 'at+jwt', kid: key.kid, ...header }, claims(more), key);
}
const bearer = (text) => ask(ORGANISATION, { authorization: `Bearer ${text}` });

const proofKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const publicHalf = ({ kty, crv, x, y }) => ({ kty, crv, x, y });
const sha256 = (text) => createHash('sha256').update(text).digest('base64url');
const thumbprint = ({ crv, kty, x, y }) => sha256(JSON.stringify({ crv, kty, x, y }));
const bound = (more = {}) => token({ cnf: { jkt: thumbprint(proofKey) }, ...more });
let nonce;
function proof(accessToken, more = {}, header = {}, key = proofKey) {
  return jws(
    { typ: 'dpop+jwt', alg: 'ES256', jwk: publicHalf(key), ...header },
    { htm: 'GET', htu: ORGANISATION, iat: now(), jti: randomUUID(), ath: sha256(accessToken), nonce, ...more },
    key,
  );
}
async function dpop(accessToken, shown, method = 'GET') {
  const response = await ask(ORGANISATION, { authorization: `DPoP ${accessToken}`, dpop: shown }, method);
  nonce = response.headers.get('dpop-nonce') ?? nonce;
  return response;
}

// ---- What everybody may know.

const statement = await (await ask(`${base}/metadata`)).json();
const security = statement.rest[0].security;
assert.deepEqual(security.service.map((service) => service.coding[0].code), ['OAuth']);
assert.ok(security.description.includes(provider.issuer) && security.description.includes(AUDIENCE));
holds('the CapabilityStatement says how to come in');
assert.equal((await ask(ORGANISATION, { origin: 'https://x.example' }, 'OPTIONS')).status, 204);
holds('OPTIONS needs no token');
const nothing = await refuses('nothing shown', await ask(ORGANISATION), 401, 'IDN-001');
assert.match(nothing.headers.get('www-authenticate'), /DPoP algs="[^"]+", Bearer$/);
await refuses('nothing shown, to an address that is not there', await ask(`${base}/Nothing/1`), 401, 'IDN-001');
await refuses('another way', await ask(ORGANISATION, { authorization: 'Basic dTpw' }), 401, 'IDN-001');

// ---- Systems.

const elin = await bearerToken();
await lets('a system reads with a bearer token', await bearer(elin));
assert.equal((await ask(`${base}/Nothing/1`, { authorization: `Bearer ${elin}` })).status, 404);
holds('with a token, what is not there is not there');
const wrong = await ask(`${base}/Patient/ola`, { authorization: `Bearer ${elin}` });
assert.equal(wrong.status, 404, await wrong.text());
holds('a system without a ground sees no patient');

const boundConfig = await discovered('elin-bound');
const handle = client.getDPoPHandle(boundConfig, await client.randomDPoPKeyPair('ES256'));
const boundTokens = await client.clientCredentialsGrant(boundConfig, forSystem, { DPoP: handle });
assert.equal(boundTokens.token_type, 'dpop');
const read = (config, accessToken, options) =>
  client.fetchProtectedResource(config, accessToken, new URL(ORGANISATION), 'GET', undefined, undefined, options);
for (const time of ['with a nonce retry', 'with the nonce it has']) {
  const response = await read(boundConfig, boundTokens.access_token, { DPoP: handle });
  await lets(`a system reads with DPoP, ${time}`, response);
}
await refuses('a bound token as Bearer', await bearer(boundTokens.access_token), 401, 'IDN-029', 'invalid_token');

for (const alg of ['PS256', 'PS384', 'PS512', 'RS256', 'ES256', 'ES384']) {
  provider.alg = alg;
  const given = await bearerToken();
  assert.equal(JSON.parse(Buffer.from(given.split('.')[0], 'base64url')).alg, alg);
  await lets(`the provider signs with ${alg}`, await bearer(given));
}
provider.alg = 'PS256';

// ---- People.

async function person(name) {
  const config = await discovered('elin-epj');
  const options = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) };
  const tokens = await personToken(config, name, options);
  return { config, options, tokens };
}
const asPerson = async (name, address = ORGANISATION) => {
  const { config, options, tokens } = await person(name);
  return client.fetchProtectedResource(
    config, tokens.access_token, new URL(address), 'GET', undefined, undefined, options);
};
await lets('a nurse reads with her own token', await asPerson('kari'));
await lets('one of two places of work, named by the token', await asPerson('perAtVest'));
// The unit that the token names decides what its bearer sees: the patient is in the care of Vest.
for (const [name, status] of [['kari', 200], ['perAtVest', 200], ['perAtOest', 404]]) {
  assert.equal((await asPerson(name, `${base}/CareTeam/team`)).status, status, name);
  holds(`${name} asks for the patient's care team: ${status}`);
}
await refuses('two places of work, none named', await asPerson('per'), 403, 'IDN-041');
await refuses('not in the registers', await asPerson('stranger'), 403, 'IDN-040');
const { tokens: { id_token: idToken } } = await person('kari');
await refuses('an ID token', await bearer(idToken), 401, 'IDN-005', 'invalid_token');

// openid-client throws on a challenge: the answer is looked at by hand.
const handmade = (name) => bearer(token({ ...PEOPLE[name], sub: name }));
await refuses('security level 3', await handmade('weak'), 401, 'IDN-015', 'insufficient_user_authentication');
await refuses('a person who is not named', await handmade('unnamed'), 401, 'IDN-014', 'invalid_token');
await refuses('a broken framework claim', await handmade('broken'), 401, 'IDN-016', 'invalid_token');

// ---- Tokens that try to get past.

await lets('a token made by hand, when all is right', await bearer(token()));
const rows = [
  ['wrong issuer', token({ iss: 'https://helseid.example.no' }), 'IDN-008'],
  ['wrong audience', token({ aud: 'nhn:another' }), 'IDN-009'],
  ['no audience', token({ aud: undefined }), 'IDN-012'],
  ['expired', token({ exp: now() - 11 }), 'IDN-010'],
  ['not yet valid', token({ nbf: now() + 60 }), 'IDN-011'],
  ['issued in the future', token({ iat: now() + 60 }), 'IDN-011'],
  ['unknown kid', token({}, 'PS256', { kid: 'unknown' }), 'IDN-006'],
  ['another key of the right name', jws({ alg: 'PS256', typ: 'at+jwt', kid: provider.keys.PS256.kid }, claims(),
    newKey('x', 'PS256')), 'IDN-007'],
  ['RS256 with the key for PS256', jws({ alg: 'RS256', typ: 'at+jwt', kid: provider.keys.PS256.kid }, claims(),
    provider.keys.PS256), 'IDN-007'],
  ['a client assertion\'s type', token({}, 'PS256', { typ: 'client-authentication+jwt' }), 'IDN-005'],
  ['bound by certificate', token({ cnf: { 'x5t#S256': sha256('x') } }), 'IDN-012'],
  ['not a token', 'x', 'IDN-003'],
];
for (const [name, text, code] of rows) {
  await refuses(name, await bearer(text), 401, code, 'invalid_token');
}
const parts = token().split('.');
const changed = encode(claims({ client_id: 'another' }));
await refuses('tampered', await bearer([parts[0], changed, parts[2]].join('.')), 401, 'IDN-007', 'invalid_token');
const none = `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(claims())}.`;
await refuses('alg none', await bearer(none), 401, 'IDN-004', 'invalid_token');
const rsa = provider.keys.RS256;
const publicKey = createPublicKey({ key: { kty: rsa.kty, n: rsa.n, e: rsa.e }, format: 'jwk' });
for (const form of [{ format: 'pem', type: 'spki' }, { format: 'der', type: 'spki' }]) {
  const signed = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: rsa.kid })}.${encode(claims())}`;
  const mac = createHmac('sha256', publicKey.export(form)).update(signed).digest('base64url');
  await refuses(`HS256 with the public key (${form.format})`, await bearer(`${signed}.${mac}`), 401, 'IDN-004', 'invalid_token');
}
const twice = new Headers([['authorization', `Bearer ${token()}`], ['authorization', `Bearer ${token()}`]]);
assert.notEqual((await fetch(ORGANISATION, { headers: twice })).status, 200);
holds('two tokens at once');
await refuses('two words after Bearer', await ask(ORGANISATION, { authorization: 'Bearer a b' }), 400, 'IDN-002', 'invalid_request');

// ---- Proofs that try to get past.

const held1 = bound();
await refuses('no nonce', await dpop(held1, proof(held1)), 401, 'IDN-028', 'use_dpop_nonce');
assert.ok(nonce);
const once = proof(held1);
await lets('a proof made by hand, when all is right', await dpop(held1, once));
await refuses('a replayed proof', await dpop(held1, once), 401, 'IDN-026', 'invalid_dpop_proof');
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const proofs = [
  ['wrong htm', proof(held1, { htm: 'POST' }), 'IDN-023'],
  ['wrong htu', proof(held1, { htu: `${base}/Organization/kommune` }), 'IDN-023'],
  ['another server\'s htu', proof(held1, { htu: 'https://journal.example.no/fhir/Organization/vest' }), 'IDN-023'],
  ['wrong ath', proof(held1, { ath: sha256(elin) }), 'IDN-025'],
  ['no ath', proof(held1, { ath: undefined }), 'IDN-021'],
  ['an old proof', proof(held1, { iat: now() - 71 }), 'IDN-024'],
  ['a proof from the future', proof(held1, { iat: now() + 60 }), 'IDN-024'],
  ['the wrong key', proof(held1, {}, {}, other), 'IDN-027', 'invalid_token'],
  ['another key in the header', proof(held1, {}, { jwk: publicHalf(other) }), 'IDN-022'],
  ['a private key in the header', proof(held1, {}, { jwk: proofKey }), 'IDN-021'],
  ['a proof of another typ', proof(held1, {}, { typ: 'JWT' }), 'IDN-021'],
  ['no jti', proof(held1, { jti: undefined }), 'IDN-021'],
  ['somebody else\'s nonce', proof(held1, { nonce: 'x' }), 'IDN-028', 'use_dpop_nonce'],
];
for (const [name, shown, code, error] of proofs) {
  await refuses(name, await dpop(held1, shown), 401, code, error ?? 'invalid_dpop_proof');
}
const twoProofs = await ask(ORGANISATION, { authorization: `DPoP ${held1}` });
await refuses('no proof', twoProofs, 401, 'IDN-020', 'invalid_dpop_proof');
const free = token();
await refuses('an unbound token as DPoP', await dpop(free, proof(free)), 401, 'IDN-030', 'invalid_token');
await refuses('a bound token as Bearer, by hand', await bearer(held1), 401, 'IDN-029', 'invalid_token');
const written = await dpop(held1, proof(held1, { htm: 'DELETE' }), 'DELETE');
assert.ok([403, 404].includes(written.status), `${written.status} ${await written.text()}`);
holds('a system without the right does not delete');

// ---- The provider changes its keys, and goes away.

const before = token();
provider.rotate('second');
await lets('a token with a new key, while running', await bearer(await bearerToken()));
await refuses('a new token with the old key', await bearer(jws(
  { alg: 'PS256', typ: 'at+jwt', kid: 'first-PS256' }, claims(), newKey('first-PS256', 'PS256'),
)), 401, 'IDN-006', 'invalid_token');
await refuses('a token with the old key', await bearer(before), 401, 'IDN-006', 'invalid_token');
const after = token();
await provider.stop();
await lets('the provider is gone, the key is known', await bearer(after));
await lets('the provider is gone, another token', await bearer(token()));
const unknown = await bearer(token({}, 'PS256', { kid: 'third' }));
await refuses('the provider is gone, the key is not known', unknown, 503, 'IDN-061');
assert.ok(unknown.headers.get('retry-after'));

console.log(`${held} held`);
process.exit(0);
