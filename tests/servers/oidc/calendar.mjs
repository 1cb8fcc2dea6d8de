// The sandbox's calendar API, for access tokens of this server.

import { randomUUID } from 'node:crypto';

import { isProven } from './dpop.mjs';
import { PEOPLE } from './people.mjs';
import { readBody, sendJson } from './wire.mjs';

const CALENDARS = { personal: 'Personal', team: 'Team' };
const EVENTS = /^\/calendar\/v1\/calendars\/([^/]+)\/events(?:\/([^/]+))?$/;
const events = new Map();

export const forgetEvents = () => events.clear();

export async function answerApi(provider, request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const scope = ['GET', 'HEAD'].includes(request.method) ? 'calendar.read' : 'calendar.write';
  const token = await liveToken(provider, request);
  if (!token) return challenge(response, 401, 'invalid_token');
  if (!token.scopes.has(scope)) return challenge(response, 403, 'insufficient_scope', scope);
  const owner = token.accountId ?? token.clientId;
  if (pathname === '/me') {
    return sendJson(response, 200, PEOPLE[owner] ?? { id: owner, name: owner, email: null });
  }
  if (pathname === '/calendar/v1/calendars') {
    const items = Object.entries(CALENDARS).map(([id, title]) => ({ id, title }));
    return sendJson(response, 200, { items });
  }
  const [, calendar, event] = EVENTS.exec(pathname) ?? [];
  if (!(calendar in CALENDARS)) return refuse(response, 404, 'calendar_unknown');
  return answerEvents(request, response, `${owner} ${calendar}`, event);
}

async function answerEvents(request, response, key, event) {
  const held = events.get(key) ?? [];
  if (request.method === 'GET') return sendJson(response, 200, { items: held, next: null });
  if (request.method === 'POST') {
    const { title, starts_at, ends_at = starts_at, note = '' } = JSON.parse(await readBody(request));
    const added = { id: `evt_${randomUUID()}`, title, starts_at, ends_at, note };
    events.set(key, [...held, added]);
    return sendJson(response, 201, added);
  }
  const kept = held.filter(({ id }) => id !== event);
  if (kept.length === held.length) return refuse(response, 404, 'event_unknown');
  events.set(key, kept);
  return response.writeHead(204).end();
}

async function liveToken(provider, request) {
  const [scheme, text] = (request.headers.authorization ?? '').split(' ');
  if (!['bearer', 'dpop'].includes(scheme.toLowerCase()) || !text) return undefined;
  const token = (await provider.AccessToken.find(text))
    ?? (await provider.ClientCredentials.find(text));
  if (!token || token.isExpired) return undefined;
  if (!token.jkt) return scheme.toLowerCase() === 'bearer' ? token : undefined;
  const proven = scheme.toLowerCase() === 'dpop'
    && await isProven(request, provider.issuer, text, token);
  return proven ? token : undefined;
}

function challenge(response, status, error, scope) {
  const asked = scope ? `, scope="${scope}"` : '';
  response.setHeader('WWW-Authenticate', `Bearer realm="oidc-provider", error="${error}"${asked}`);
  return refuse(response, status, error);
}

const refuse = (response, status, code) => sendJson(response, status, { error: { code } });
