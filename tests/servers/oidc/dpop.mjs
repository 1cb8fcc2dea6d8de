// Check a proof of possession at the API (RFC 9449 section 4.3), apart from the library.

import { createHash } from 'node:crypto';
import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from 'jose';

const used = new Set();

export const forgetProofs = () => used.clear();

export async function isProven(request, issuer, text, token) {
  const proof = request.headers.dpop;
  if (typeof proof !== 'string') return false;
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      requiredClaims: ['jti', 'iat', 'ath'],
      maxTokenAge: '60 seconds',
      clockTolerance: 5,
      currentDate: new Date(Date.now()),
    });
    const ath = createHash('sha256').update(text).digest('base64url');
    const { pathname } = new URL(request.url, issuer);
    const good = payload.htm === request.method
      && payload.htu === `${issuer}${pathname}`
      && payload.ath === ath
      && !used.has(payload.jti)
      && protectedHeader.jwk.d === undefined
      && (await calculateJwkThumbprint(protectedHeader.jwk)) === token.jkt;
    used.add(payload.jti);
    return good;
  } catch {
    return false;
  }
}
