// Our access tokens and our key set, to somebody else's library.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as jose from "jose";
import { audience, call, issuer, newCustomer, url } from "./merx.mjs";

const rules = { issuer, audience, typ: "JWT", algorithms: ["ES256"], requiredClaims: ["sub", "jti", "sid"] };
let person, keys;

before(async () => {
  person = await newCustomer();
  keys = jose.createRemoteJWKSet(new URL(`${url}/v1/jwks.json`));
});

test("[JWT-10] an access token verifies with the key set that we publish", async () => {
  const { payload, protectedHeader } = await jose.jwtVerify(person.access_token, keys, rules);
  assert.equal(payload.sub, person.user.id);
  assert.equal(payload.scope, "customer");
  assert.equal(protectedHeader.alg, "ES256");
  assert.ok(payload.exp - payload.iat <= 900);
});

test("[JWT-10] the key set shows public members alone", async () => {
  const set = await call("GET", "/v1/jwks.json");
  assert.match(set.headers.get("cache-control"), /public/);
  assert.ok(set.body.keys.length > 0);
  assert.equal(new Set(set.body.keys.map((k) => k.kid)).size, set.body.keys.length);
  for (const key of set.body.keys) {
    for (const name of ["d", "p", "q", "dp", "dq", "qi", "k"]) assert.ok(!(name in key), name);
    assert.equal(key.use, "sig");
    assert.ok(key.alg && key.kid);
    assert.equal((await jose.importJWK(key, key.alg)).type, "public");
    await jose.calculateJwkThumbprint(key);
  }
});

test("what is not ours does not verify there, nor here", async () => {
  const { privateKey } = await jose.generateKeyPair("ES256");
  const { kid } = jose.decodeProtectedHeader(person.access_token);
  const claims = jose.decodeJwt(person.access_token);
  const forged = await new jose.SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", typ: "JWT", kid })
    .sign(privateKey);
  await assert.rejects(jose.jwtVerify(forged, keys, rules), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
  assert.equal((await call("GET", "/v1/me", undefined, forged)).status, 401);
  assert.equal((await call("GET", "/v1/me", undefined, person.access_token)).status, 200);
  await assert.rejects(jose.jwtVerify(person.access_token, keys, { ...rules, audience: "other" }));
  await assert.rejects(jose.jwtVerify(person.access_token, keys, { ...rules, issuer: "https://other" }));
});
