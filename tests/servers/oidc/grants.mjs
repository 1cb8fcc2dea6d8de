// Grants the library leaves out: the owner's password, and a signed assertion (RFC 7523).

import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose';
import { errors } from 'oidc-provider';

import { PEOPLE } from './people.mjs';

export const PASSWORD = 'correct horse';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const used = new Set();

export const forgetAssertions = () => used.clear();

export function offerGrants(provider) {
  const names = new Set(['scope', 'username', 'password', 'assertion']);
  provider.registerGrantType('password', async (ctx) => {
    const { username, password, scope } = ctx.oidc.params;
    if (!(username in PEOPLE) || password !== PASSWORD) throw new errors.InvalidGrant('wrong');
    return issue(provider, ctx, scope);
  }, names);
  provider.registerGrantType(JWT_BEARER, async (ctx) => {
    const { assertion, scope } = ctx.oidc.params;
    await verify(provider, ctx.oidc.client, assertion);
    return issue(provider, ctx, scope);
  }, names);
}

async function issue(provider, ctx, scope) {
  const token = new provider.ClientCredentials({ client: ctx.oidc.client, scope });
  const access_token = await token.save();
  ctx.body = { access_token, token_type: 'Bearer', expires_in: token.expiration, scope };
}

async function verify(provider, client, assertion) {
  const keys = client.jwks
    ? createLocalJWKSet(client.jwks)
    : createRemoteJWKSet(new URL(client.jwksUri));
  try {
    const { payload } = await jwtVerify(assertion ?? '', keys, {
      audience: provider.issuer,
      issuer: client.clientId,
      subject: client.clientId,
      requiredClaims: ['exp', 'iat', 'jti'],
      maxTokenAge: '10 minutes',
      currentDate: new Date(Date.now()),
    });
    if (used.has(payload.jti) || typeof payload.aud !== 'string') throw new Error('again');
    used.add(payload.jti);
  } catch (error) {
    throw new errors.InvalidGrant(error.message);
  }
}
