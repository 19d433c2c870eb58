// A certified OpenID provider for tests, on loopback, with two issuers that sign with the same keys.
//
// Says `{"issuer": ..., "other": ...}` on standard output once both listen. Each line on standard input is a command, answered with
// one line: `rotate` signs with a new key from now on. Ends when standard input closes.
//
// Clients `role-NAME` get access tokens (client credentials) whose claim `role` is NAME; with `resource` the audience is what
// follows the last slash. `groups-A,B` are analysts of the groups A and B. People log in by any password; the account's name
// says the role, and after a colon the groups: `analyst:default`.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const SECRET = 'a secret of the tests, long enough for anyone';

function key() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

function claimsOf(name) {
  const [role, groups] = name.split(':');
  return { role, ...(groups && { groups: groups.split(',') }) };
}

function claimsOfClient(id) {
  if (id.startsWith('groups-')) return { role: 'analyst', groups: id.slice(7).split(',') };
  return id.startsWith('role-') ? { role: id.slice(5) } : {};
}

function client(client_id) {
  return {
    client_id,
    client_secret: SECRET,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  };
}

function provider(issuer, keys) {
  const made = new Provider(issuer, {
    clients: [
      client('role-admin'),
      client('role-viewer'),
      client('groups-default'),
      client('nobody'),
      {
        client_id: 'dashboard',
        client_secret: SECRET,
        // A native client may come back to any port of this machine.
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/auth/callback'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    jwks: { keys },
    cookies: { keys: [randomUUID()] },
    claims: { openid: ['sub', 'role', 'groups'] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...claimsOf(id) }) }),
    extraTokenClaims: (_, token) => claimsOfClient(token.clientId),
    ttl: { ClientCredentials: 600 },
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://tacit.example/tacit',
        getResourceServerInfo: (_, resource) => ({
          scope: 'use',
          audience: resource.split('/').pop(),
          accessTokenFormat: 'jwt',
        }),
        useGrantedResource: () => true,
      },
    },
  });
  made.on('server_error', (_, error) => console.error(error));
  return made.callback();
}

async function listen() {
  const server = createServer((request, response) => server.answer(request, response));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  server.issuer = `http://127.0.0.1:${server.address().port}`;
  return server;
}

const keys = [key()];
const servers = [await listen(), await listen()];
const renew = () => {
  for (const server of servers) server.answer = provider(server.issuer, keys);
};
renew();
console.log(JSON.stringify({ issuer: servers[0].issuer, other: servers[1].issuer }));

const commands = createInterface({ input: process.stdin });
commands.on('line', (line) => {
  if (line === 'rotate') {
    // The key before stays published for the tokens that are under way.
    keys.unshift(key());
    renew();
  }
  console.log(JSON.stringify({ done: line }));
});
commands.on('close', () => process.exit(0));
