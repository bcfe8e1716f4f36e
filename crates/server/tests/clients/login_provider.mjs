// Two certified OpenID providers (npm's oidc-provider) that log people in to the pages: one with
// HelseID's claims, one with ID-porten's. Each on a free port, named `localhost`: to a browser it
// is another site than the pages at 127.0.0.1.
//
// What a provider answers can be forged on its way out, its keys can be changed while it runs, and
// it can be stopped.
import { constants, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { newKey } from './openid_provider.mjs';

const PID = 'helseid://claims/identity/pid';
const LEVEL = 'helseid://claims/identity/security_level';
const HPR = 'helseid://claims/hpr/hpr_number';

/** How a provider speaks: its claims by scope, its levels, and what a person's claims are. */
const KINDS = {
  helseid: {
    claims: {
      openid: ['sub'],
      'helseid://scopes/identity/pid': [PID],
      'helseid://scopes/identity/security_level': [LEVEL],
      'helseid://scopes/hpr/hpr_number': [HPR],
    },
    acr: { 3: 'Level3', 4: 'Level4' },
    of: (person, level) => ({ [PID]: person.number, [LEVEL]: String(level), [HPR]: person.hpr ?? undefined }),
    alg: 'PS256',
  },
  'id-porten': {
    claims: { openid: ['sub', 'pid'], profile: ['name'] },
    acr: { 3: 'idporten-loa-substantial', 4: 'idporten-loa-high' },
    of: (person) => ({ pid: person.number, name: person.name }),
    alg: 'RS256',
  },
};

export const encode = (value) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A compact JWS of this header and payload. */
export function jws(header, payload, jwk) {
  const signed = `${encode(header)}.${encode(payload)}`;
  const key = { key: createPrivateKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  if (header.alg.startsWith('PS')) {
    Object.assign(key, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
  }
  return `${signed}.${sign(`sha${header.alg.slice(-3)}`, Buffer.from(signed), key).toString('base64url')}`;
}

const publicHalf = ({ kty, crv, x, y, n, e, kid, alg, use }) => ({ kty, crv, x, y, n, e, kid, alg, use });

export class LoginProvider {
  /** `people`: who can log in, by name, with `number` and `hpr`. */
  static async start(kind, people) {
    const self = new LoginProvider();
    Object.assign(self, { kind, people, words: KINDS[kind], clients: [], levels: new Map(), asked: [], forge: {} });
    self.server = createServer((request, response) => {
      self.answer(request, response).catch((error) => { console.error(error); response.destroy(); });
    });
    await new Promise((resolve) => { self.server.listen(0, '127.0.0.1', resolve); });
    self.port = self.server.address().port;
    self.issuer = `http://localhost:${self.port}`;
    self.rotate('first');
    return self;
  }

  /** Knows the pages at this address as a client with this key, from now on. */
  admit(client_id, pages, jwk) {
    const login = `${pages}/logg-inn/${this.kind}`;
    this.client = {
      client_id, redirect_uris: [`${login}/retur`], post_logout_redirect_uris: [`${login}/ut`],
      backchannel_logout_uri: `${login}/utlogging`, backchannel_logout_session_required: true,
      token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: jwk.alg,
      jwks: { keys: [publicHalf(jwk)] }, grant_types: ['authorization_code'], response_types: ['code'],
      id_token_signed_response_alg: this.words.alg, dpop_bound_access_tokens: this.kind === 'helseid',
      require_pushed_authorization_requests: true,
      scope: Object.keys(this.words.claims).join(' ') + ' profile',
    };
    this.clients = [this.client];
    this.build();
  }

  /** Signs with new keys from now on; the old ones are gone. */
  rotate(name) {
    const algorithms = ['PS256', 'RS256', 'ES256'];
    this.keys = Object.fromEntries(algorithms.map((alg) => [alg, newKey(`${name}-${alg}`, alg)]));
    this.build();
  }

  build() {
    this.provider = new Provider(this.issuer, this.configuration());
    this.provider.on('server_error', (_, error) => console.error(error));
    this.provider.on('backchannel.error', (_, error) => console.error(error));
  }

  configuration() {
    const { words } = this;
    const claims = (account) => ({ sub: account, ...words.of(this.people[account], this.levels.get(account)) });
    return {
      jwks: { keys: Object.values(this.keys) },
      clients: this.clients,
      claims: words.claims,
      scopes: ['openid', 'profile'],
      acrValues: Object.values(words.acr),
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      enabledJWA: { dPoPSigningAlgValues: ['ES256'] },
      cookies: { keys: ['a key for the cookies of a test'] },
      features: {
        devInteractions: { enabled: false },
        pushedAuthorizationRequests: { enabled: true },
        dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: {
          logoutSource: (ctx, form) => {
            ctx.body = page(`<h1>Logge ut?</h1>${form}
              <button type="submit" form="op.logoutForm" value="yes" name="logout">Ja</button>`);
          },
        },
      },
      findAccount: (_, accountId) => ({ accountId, claims: () => claims(accountId) }),
      loadExistingGrant: (ctx) => {
        const { account, client } = ctx.oidc;
        const grant = new this.provider.Grant({ accountId: account.accountId, clientId: client.clientId });
        grant.addOIDCScope(client.scope);
        return grant.save().then(() => grant);
      },
      // Its own would not go to 127.0.0.1, where the pages are.
      fetch: (url, { dispatcher: _, ...options }) => fetch(url, options),
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    };
  }

  async answer(request, response) {
    const url = new URL(request.url, this.issuer);
    this.asked.push(`${request.method} ${url.pathname}`);
    if (url.pathname.startsWith('/interaction/')) return this.logIn(url, request, response);
    if (url.pathname === '/token') this.forgeAnswer(response);
    if (url.pathname.startsWith('/auth') && this.forge.answer) this.forgeRedirect(response);
    if (url.pathname === '/favicon.ico') {
      response.writeHead(204).end();
      return undefined;
    }
    if (this.forge.status) {
      response.writeHead(this.forge.status).end();
      return undefined;
    }
    return this.provider.callback()(request, response);
  }

  /** Lets `forge.idToken` write the ID token and `forge.tokens` the rest of the answer anew. */
  forgeAnswer(response) {
    const end = response.end.bind(response);
    response.end = (body) => {
      const answer = body ? JSON.parse(body) : {};
      if (!answer.id_token) return end(body);
      this.idToken = answer.id_token;
      const [header, claims] = answer.id_token.split('.').slice(0, 2)
        .map((part) => JSON.parse(Buffer.from(part, 'base64url')));
      if (this.forge.idToken) answer.id_token = this.forge.idToken(claims, header, answer.id_token);
      if (this.forge.tokens) this.forge.tokens(answer);
      const text = JSON.stringify(answer);
      response.setHeader('content-length', Buffer.byteLength(text));
      return end(text);
    };
  }

  /** Lets `forge.answer` change where the browser is sent back to. */
  forgeRedirect(response) {
    const set = response.setHeader.bind(response);
    response.setHeader = (name, value) => {
      const isBack = name.toLowerCase() === 'location' && value.includes('/retur?');
      return set(name, isBack ? this.forge.answer(new URL(value)).href : value);
    };
  }

  /** An ID token of these claims by the key that the provider has. */
  sign(claims, header) {
    return jws(header, claims, this.keys[header.alg]);
  }

  /** The page where one says who one is; by a click, as that person, at a level. */
  async logIn(url, request, response) {
    const { params, uid } = await this.provider.interactionDetails(request, response);
    const who = url.searchParams.get('who');
    if (who === null) {
      const link = (level) => ([name, person]) =>
        `<li><a href="/interaction/${uid}?who=${encodeURIComponent(name)}&level=${level}">${person.name}, nivå ${level}</a></li>`;
      const all = Object.entries(this.people);
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(page(`<h1>${this.kind}</h1><p id="asked">${params.acr_values ?? ''}</p>
        <ul>${all.map(link(4)).join('')}${all.map(link(3)).join('')}</ul>
        <a id="cancel" href="/interaction/${uid}?who=">Avbryt</a>`));
      return undefined;
    }
    if (who === '') {
      const done = { error: 'access_denied', error_description: 'the person went away' };
      return this.provider.interactionFinished(request, response, done);
    }
    const level = url.searchParams.get('level');
    this.levels.set(who, level);
    const done = { login: { accountId: who, acr: this.words.acr[level] } };
    return this.provider.interactionFinished(request, response, done);
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => { this.server.close(resolve); });
  }

  /** On the same port again. */
  startAgain() {
    return new Promise((resolve) => { this.server.listen(this.port, '127.0.0.1', resolve); });
  }
}

const page = (body) => `<!DOCTYPE html><html lang="nb"><head><title>Leverandør</title></head><body><main>${body}</main></body></html>`;

/** Both providers, our keys there as files in a folder, and their tables of the configuration. */
export async function providers(folder, people, write) {
  const helseid = await LoginProvider.start('helseid', people);
  const idPorten = await LoginProvider.start('id-porten', people);
  const rsa = newKey('akson-rsa', 'PS256');
  const ec = newKey('akson-ec', 'ES256');
  write(`${folder}/helseid.jwk`, JSON.stringify(rsa));
  write(`${folder}/id-porten.pem`, createPrivateKey({ key: ec, format: 'jwk' }).export({ format: 'pem', type: 'pkcs8' }));
  return { helseid, idPorten, keys: { rsa, ec } };
}
