// A certified OpenID provider (npm's oidc-provider) that gives tokens with HelseID's claims, on a
// free port of 127.0.0.1. Its keys can be changed while it runs, and it can be stopped.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

export const AUDIENCE = 'nhn:akson';
export const RESOURCE = 'https://journal.example.no/fhir';
export const SCOPE = 'akson:fhir/api';

const PID = 'helseid://claims/identity/pid';
const LEVEL = 'helseid://claims/identity/security_level';
const HPR = 'helseid://claims/hpr/hpr_number';
const PARENT = 'helseid://claims/client/claims/orgnr_parent';
const CHILD = 'helseid://claims/client/claims/orgnr_child';
const NAME = 'helseid://claims/client/client_name';

const purpose = { code: 'TREAT', system: 'urn:oid:2.16.840.1.113883.1.11.20448' };
const framework = (relation) => [{
  type: 'nhn:tillitsrammeverk:parameters',
  practitioner: { hpr_nr: { id: '565107922' }, legal_entity: { id: '310000078' } },
  care_relationship: relation,
}];

/** What HelseID knows of people who log in; all numbers are synthetic. */
export const PEOPLE = {
  kari: { [PID]: '13818012345', [LEVEL]: '4', [HPR]: '565107922', [PARENT]: '310000078', [CHILD]: '310000079',
    authorization_details: framework({ purpose_of_use: purpose }) },
  // Two places of work, and no unit in the token; then with one.
  per: { [PID]: '13818012346', [LEVEL]: '4', [HPR]: '565107930', [PARENT]: '310000078' },
  perAtVest: { [PID]: '13818012346', [LEVEL]: '4', [HPR]: '565107930', [PARENT]: '310000078', [CHILD]: '310000079' },
  perAtOest: { [PID]: '13818012346', [LEVEL]: '4', [HPR]: '565107930', [PARENT]: '310000078', [CHILD]: '310000080' },
  // Not in the registers; not strongly enough logged in; not named; with a broken framework claim.
  stranger: { [PID]: '13818012347', [LEVEL]: '4', [HPR]: '999999999', [PARENT]: '310000078' },
  weak: { [PID]: '13818012345', [LEVEL]: '3', [HPR]: '565107922', [PARENT]: '310000078' },
  unnamed: { [LEVEL]: '4' },
  broken: { [PID]: '13818012345', [LEVEL]: '4', [HPR]: '565107922', authorization_details: framework('TREAT') },
};

/** A key as the provider keeps it, with its private half as a JWK. */
export function newKey(kid, alg) {
  const pair = alg.startsWith('ES')
    ? generateKeyPairSync('ec', { namedCurve: alg === 'ES384' ? 'P-384' : 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...pair.privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

export class OpenIdProvider {
  /** `clients`: what the provider knows of each; `alg`: what access tokens are signed with. */
  static async start(clients) {
    const self = new OpenIdProvider();
    self.clients = clients;
    self.alg = 'PS256';
    self.lifetime = 600;
    self.server = createServer((request, response) => self.answer(request, response));
    await new Promise((resolve) => { self.server.listen(0, '127.0.0.1', resolve); });
    self.issuer = `http://127.0.0.1:${self.server.address().port}`;
    self.rotate('first');
    return self;
  }

  /** Signs with new keys from now on; the old ones are gone. */
  rotate(name) {
    const algorithms = ['PS256', 'PS384', 'PS512', 'RS256', 'ES256', 'ES384'];
    this.keys = Object.fromEntries(algorithms.map((alg) => [alg, newKey(`${name}-${alg}`, alg)]));
    this.provider = new Provider(this.issuer, this.configuration());
    this.provider.on('server_error', (_, error) => console.error(error));
  }

  configuration() {
    const serverInfo = () => ({
      scope: SCOPE, audience: AUDIENCE, accessTokenFormat: 'jwt', accessTokenTTL: this.lifetime,
      jwt: { sign: { alg: this.alg } },
    });
    return {
      jwks: { keys: Object.values(this.keys) },
      clients: this.clients,
      scopes: ['openid', SCOPE],
      enabledJWA: { dPoPSigningAlgValues: ['ES256'] },
      cookies: { keys: ['a key for the cookies of a test'] },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        dPoP: { enabled: true },
        resourceIndicators: { enabled: true, defaultResource: () => RESOURCE, getResourceServerInfo: serverInfo },
      },
      findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      ttl: { AccessToken: () => this.lifetime, ClientCredentials: () => this.lifetime },
      extraTokenClaims: (_, token) => PEOPLE[token.accountId] ?? {
        nbf: Math.floor(Date.now() / 1000), [PARENT]: '310000078', [NAME]: 'Elin',
      },
    };
  }

  answer(request, response) {
    if (request.url.startsWith('/interaction/')) {
      this.logIn(request, response).catch((error) => { console.error(error); response.destroy(); });
    } else {
      this.provider.callback()(request, response);
    }
  }

  /** The person of `login_hint` logs in and agrees, without pages. */
  async logIn(request, response) {
    const { prompt, params, session } = await this.provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      const done = { login: { accountId: params.login_hint } };
      return this.provider.interactionFinished(request, response, done);
    }
    const grant = new this.provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(`openid ${SCOPE}`);
    grant.addResourceScope(RESOURCE, SCOPE);
    const done = { consent: { grantId: await grant.save() } };
    return this.provider.interactionFinished(request, response, done, { mergeWithLastSubmission: true });
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => { this.server.close(resolve); });
  }
}
