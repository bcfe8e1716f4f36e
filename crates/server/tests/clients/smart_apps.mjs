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

console.log(`${held} held`);
process.exit(0);
