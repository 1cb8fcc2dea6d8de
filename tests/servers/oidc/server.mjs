// oidc-provider as strict as it goes, on a free loopback port, controlled by the tests.
//
// Prints one line of JSON when it listens; ends when its standard input ends.
// DEV_PAGES=1: the library's own login and consent pages in place of ours.

import * as clock from './clock.mjs';

import { createServer } from 'node:http';

import { Provider, errors } from 'oidc-provider';

import { answerApi, forgetEvents } from './calendar.mjs';
import { forgetProofs } from './dpop.mjs';
import { forgetAssertions, offerGrants } from './grants.mjs';
import { Memory, changeClient, forgetEverything, keepClient } from './memory.mjs';
import { PEOPLE, answerConsent, consentPage } from './people.mjs';
import { readBody, sendJson } from './wire.mjs';

const DEFAULTS = {
  rotate: true, refreshTokens: true, codeSeconds: 10, dpopNonce: false, parRequired: false,
};
const RESOURCES = ['https://api.example.com/', 'https://other.example.com/calendar'];
const DEV_PAGES = process.env.DEV_PAGES === '1';
let settings = { ...DEFAULTS };
let lifetimes = new Map();
let seen = [];

const configuration = {
  adapter: Memory,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none', 'private_key_jwt'],
  clockTolerance: 0,
  cookies: { keys: ['a key for tests'], short: { path: '/' }, long: { path: '/' } },
  features: {
    devInteractions: { enabled: DEV_PAGES },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => settings.dpopNonce },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    requestObjects: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => {
        if (!RESOURCES.includes(resource)) throw new errors.InvalidTarget();
        return { scope: 'calendar.read calendar.write', accessTokenFormat: 'opaque' };
      },
    },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: false },
  },
  findAccount: (_ctx, accountId) => ({
    accountId,
    claims: async () => ({ sub: accountId, ...PEOPLE[accountId] }),
  }),
  // Key sets are on loopback here, where the library's own guard lets nothing out.
  fetch: (url, { dispatcher: _, ...options }) => fetch(url, options),
  issueRefreshToken: () => settings.refreshTokens,
  pkce: { required: () => true },
  rotateRefreshToken: () => settings.rotate,
  routes: {
    authorization: '/authorize',
    code_verification: '/device',
    device_authorization: '/device/auth',
    pushed_authorization_request: '/par',
    registration: '/register',
    revocation: '/revoke',
    token: '/token',
    userinfo: '/userinfo',
  },
  scopes: ['openid', 'offline_access', 'calendar.read', 'calendar.write'],
  ttl: {
    AccessToken: (_ctx, _token, client) => lifetimes.get(client.clientId) ?? 5,
    AuthorizationCode: () => settings.codeSeconds,
    ClientCredentials: (_ctx, _token, client) => lifetimes.get(client.clientId) ?? 5,
    Grant: 86400,
    Interaction: 600,
    RefreshToken: 86400,
    Session: 86400,
  },
};
if (!DEV_PAGES) configuration.interactions = { url: (_ctx, { uid }) => `/interaction/${uid}` };

const server = createServer((request, response) => answer(request, response).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  if (!response.headersSent) response.writeHead(500);
  response.end();
}));
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
const issuer = `http://localhost:${server.address().port}`;
server.keepAliveTimeout = 60_000;
const provider = new Provider(issuer, configuration);
offerGrants(provider);
const answerProtocol = provider.callback();
listen();
process.stdin.resume().on('end', () => process.exit(0));
process.stdout.write(`${JSON.stringify({ issuer })}\n`);

async function answer(request, response) {
  response.setHeader('Date', new Date(Date.now()).toUTCString());
  const { pathname } = new URL(request.url, issuer);
  if (pathname.startsWith('/control/')) return control(pathname, request, response);
  if (pathname === '/me' || pathname.startsWith('/calendar/')) {
    return answerApi(provider, request, response);
  }
  const [, uid] = /^\/interaction\/([\w-]+)$/.exec(pathname) ?? [];
  if (!uid || DEV_PAGES) return answerProtocol(request, response);
  if (request.method === 'POST') {
    const form = new URLSearchParams(await readBody(request));
    return answerConsent(provider, request, response, form);
  }
  response.writeHead(200, { 'Content-Type': 'text/html' });
  return response.end(consentPage(uid));
}

async function control(pathname, request, response) {
  const body = request.method === 'POST' ? JSON.parse(await readBody(request)) : undefined;
  const commands = {
    '/control/advance': () => clock.advance(body.seconds),
    '/control/clients': () => {
      const { access_token_seconds, ...metadata } = body;
      lifetimes.set(metadata.client_id, access_token_seconds);
      keepClient(metadata);
    },
    '/control/change': () => changeClient(body),
    '/control/device': () => answerDevice(body),
    '/control/events': () => seen,
    '/control/reset': reset,
    '/control/settings': () => { settings = { ...settings, ...body }; },
  };
  if (!(pathname in commands)) return sendJson(response, 404, null);
  return sendJson(response, 200, (await commands[pathname]()) ?? null);
}

// Somebody types a user code at another screen, and says yes or no.
async function answerDevice({ user_code, person, allow }) {
  const code = await provider.DeviceCode.findByUserCode(user_code.replaceAll('-', ''));
  if (allow) {
    const grant = new provider.Grant({ accountId: person, clientId: code.clientId });
    grant.addOIDCScope(code.params.scope ?? '');
    Object.assign(code, {
      accountId: person, grantId: await grant.save(), scope: code.params.scope, authTime: 0,
    });
  } else {
    Object.assign(code, { error: 'access_denied', errorDescription: 'The person said no.' });
  }
  await code.save();
}

function reset() {
  forgetEverything();
  forgetEvents();
  forgetProofs();
  forgetAssertions();
  clock.reset();
  lifetimes = new Map();
  settings = { ...DEFAULTS };
  seen = [];
}

// Names and codes only: what is kept here may be printed by a failing test.
function listen() {
  const note = (name, ctx, error) => seen.push({
    name,
    grant_type: ctx?.oidc?.params?.grant_type ?? ctx?.oidc?.body?.grant_type ?? null,
    client_id: ctx?.oidc?.client?.clientId ?? null,
    error: error?.error ?? null,
    detail: error?.error_detail ?? error?.error_description ?? error?.message ?? null,
  });
  for (const name of ['grant.success', 'authorization.success', 'authorization.accepted']) {
    provider.on(name, (ctx) => note(name, ctx));
  }
  for (const name of ['grant.error', 'authorization.error', 'revocation.error', 'server_error']) {
    provider.on(name, (ctx, error) => note(name, ctx, error));
  }
  provider.on('grant.revoked', (ctx) => note('grant.revoked', ctx));
}
