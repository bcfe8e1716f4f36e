// What apps have survives a restart, and what must not does not.
//
// node smart_restart.mjs ROOT before|after FILE
// `before` gets tokens and writes them to the file; `after` uses them on the server started again.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import * as oauth from 'oauth4webapi';

import { Browser, endpoint } from './akson_pages.mjs';

const [root, when, file] = process.argv.slice(2);
const REDIRECT = 'http://127.0.0.1:9/app/callback';
let held = 0;
const holds = () => { held += 1; };
const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(root);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
// What a citizen allows an app ends what the same app was allowed otherwise: one app for each.
const [client, other] = [{ client_id: 'blodtrykk' }, { client_id: 'okt' }];
const read = async (token) => (await fetch(`${root}/fhir/Observation?_count=1`, { headers: { authorization: `Bearer ${token}` } })).status;
async function refresh(token, by = client) {
  const response = await oauth.refreshTokenGrantRequest(server, by, oauth.None(), token, insecure);
  return oauth.processRefreshTokenResponse(server, by, response);
}

if (when === 'before') {
  const admin = await Browser.login(root, 'Administrator');
  for (const { client_id: id } of [client, other]) {
    const { status, body } = await admin.fhir('POST', 'Endpoint', endpoint({
      id, redirects: [REDIRECT], scopes: ['launch/patient', 'patient/*.rs', 'offline_access', 'online_access'] }));
    assert.equal(status, 201, JSON.stringify(body));
  }
  const citizen = await Browser.login(root, 'Innbygger');
  const tokens = {};
  for (const [name, scope, by] of [
    ['offline', 'patient/*.rs offline_access', client],
    ['online', 'patient/*.rs online_access', other],
    ['used', 'patient/*.rs offline_access', client],
  ]) {
    const verifier = oauth.generateRandomCodeVerifier();
    const address = new URL(server.authorization_endpoint);
    const state = oauth.generateRandomState();
    for (const [key, value] of Object.entries({
      client_id: by.client_id, redirect_uri: REDIRECT, response_type: 'code', scope, state, aud: `${root}/fhir`,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    })) address.searchParams.set(key, value);
    const parameters = oauth.validateAuthResponse(server, by, await citizen.allow(address), state);
    const response = await oauth.authorizationCodeGrantRequest(server, by, oauth.None(), parameters, REDIRECT, verifier, insecure);
    tokens[name] = await oauth.processAuthorizationCodeResponse(server, by, response);
    assert.equal(await read(tokens[name].access_token), 200);
    holds();
  }
  tokens.next = await refresh(tokens.used.refresh_token);
  tokens.cookies = [...citizen.cookies];
  writeFileSync(file, JSON.stringify(tokens));
} else {
  const tokens = JSON.parse(readFileSync(file, 'utf8'));
  const citizen = new Browser(root);
  citizen.cookies = new Map(tokens.cookies);
  assert.equal((await citizen.ask('/')).status, 200, 'a login survives');
  holds();
  assert.equal(await read(tokens.offline.access_token), 200, 'an access token survives');
  holds();
  const refreshed = await refresh(tokens.offline.refresh_token);
  assert.equal(await read(refreshed.access_token), 200, 'a refresh token survives');
  holds();
  assert.equal(await read(tokens.online.access_token), 200, 'what hangs on a login survives, as the login does');
  holds();
  const online = await refresh(tokens.online.refresh_token, other);
  assert.equal(await read(online.access_token), 200);
  holds();
  await assert.rejects(refresh(tokens.used.refresh_token), (error) => error.error === 'invalid_grant');
  assert.equal(await read(tokens.next.access_token), 401, 'a refresh token that was used before the restart ends its family after it');
  holds();
}
console.log(`${held} held`);
process.exit(0);
