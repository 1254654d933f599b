// A whole OpenID provider (oidc-provider): an authorization-code flow with PKCE as a browser and an app
// do it, and then signing in to merx with the ID token that comes out.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:https";
import { after, before, test } from "node:test";
import * as jose from "jose";
import Provider from "oidc-provider";
import { call, newAddress, newCustomer, password, providerClients, providerPort, tls } from "./merx.mjs";

const provider = `https://127.0.0.1:${providerPort}`;
const callback = "https://127.0.0.1/callback";
const accounts = new Map(); // sub -> claims
const random = () => randomBytes(32).toString("base64url");
let server;

const alg = (client) => client.slice(client.lastIndexOf("-") + 1).toUpperCase();

before(async () => {
  const keys = await Promise.all(["RS256", "ES256"].map(async (a) => {
    const { privateKey } = await jose.generateKeyPair(a, { extractable: true });
    return { ...(await jose.exportJWK(privateKey)), alg: a, use: "sig", kid: `${a}-${random()}` };
  }));
  const oidc = new Provider(provider, {
    jwks: { keys },
    clients: providerClients.map((id) => ({
      client_id: id,
      client_secret: "not-a-secret-" + id,
      redirect_uris: [callback],
      id_token_signed_response_alg: alg(id),
    })),
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    cookies: { keys: [random()] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...accounts.get(sub) }) }),
  });
  server = createServer(tls, oidc.callback());
  await new Promise((ready) => server.listen(providerPort, "127.0.0.1", ready));
});

after(() => {
  server.closeAllConnections();
  server.close();
});

// A browser of few gifts: it keeps cookies and follows redirects by hand.
class Browser {
  #cookies = new Map();
  async open(where, form) {
    const answer = await fetch(new URL(where, provider), {
      method: form ? "POST" : "GET",
      redirect: "manual",
      headers: { cookie: [...this.#cookies].map(([k, v]) => `${k}=${v}`).join("; ") },
      body: form && new URLSearchParams(form),
    });
    for (const line of answer.headers.get("set-cookie")?.split(/,(?=\s*[\w.~-]+=)/) ?? []) {
      const [, name, value] = /^\s*([^=]+)=([^;]*)/.exec(line);
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    return answer;
  }
}

async function idToken(client, sub, nonce) {
  const browser = new Browser();
  const verifier = random();
  let next = "/auth?" + new URLSearchParams({
    client_id: client,
    response_type: "code",
    redirect_uri: callback,
    scope: "openid email profile",
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  for (let step = 0; !next.startsWith(callback); step++) {
    assert.ok(step < 12, `the flow does not end: ${next}`);
    let answer = await browser.open(next);
    if (answer.status === 200) {
      const prompt = /name="prompt" value="(\w+)"/.exec(await answer.text())[1];
      answer = await browser.open(next, { prompt, login: sub, password: "any" });
    }
    next = answer.headers.get("location");
    assert.ok(next, `status ${answer.status}`);
  }
  const answer = await fetch(`${provider}/token`, {
    method: "POST",
    headers: {
      authorization: "Basic " + Buffer.from(`${client}:not-a-secret-${client}`).toString("base64"),
    },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: new URL(next).searchParams.get("code"),
      redirect_uri: callback,
      code_verifier: verifier,
    }),
  });
  const tokens = await answer.json();
  assert.equal(answer.status, 200, `${next} ${JSON.stringify(tokens)}`);
  return tokens.id_token;
}

async function signIn(client, sub, nonce = random()) {
  const id_token = await idToken(client, sub, nonce);
  assert.equal(jose.decodeProtectedHeader(id_token).alg, alg(client));
  return call("POST", "/v1/auth/oidc", { provider: "interop", id_token, nonce });
}

for (const client of providerClients) {
  test(`[OID-1] a token of the code flow signs in: ${alg(client)}`, async () => {
    const sub = random(), email = newAddress();
    accounts.set(sub, { email, email_verified: true, name: "Grace Hopper" });
    const first = await signIn(client, sub);
    assert.equal(first.status, 200, JSON.stringify(first.body));
    assert.deepEqual(
      [first.body.user.email, first.body.user.email_verified, first.body.user.name],
      [email, true, "Grace Hopper"]);
    const again = await signIn(client, sub);
    assert.equal(again.body.user.id, first.body.user.id);
    assert.equal((await call("GET", "/v1/me", undefined, again.body.access_token)).status, 200);
  });
}

test("[OID-2] the nonce of another flow, and a token twice, are refused", async () => {
  const [client] = providerClients;
  const nonce = random();
  const id_token = await idToken(client, random(), nonce);
  const proof = { provider: "interop", id_token, nonce };
  assert.equal((await call("POST", "/v1/auth/oidc", { ...proof, nonce: random() })).status, 401);
  assert.equal((await call("POST", "/v1/auth/oidc", proof)).status, 200);
  assert.equal((await call("POST", "/v1/auth/oidc", proof)).status, 401);
});

test("[OID-2] a nonce that the app has hashed", async () => {
  const nonce = random();
  const hashed = createHash("sha256").update(nonce).digest("hex");
  const id_token = await idToken(providerClients[0], random(), hashed);
  const answer = await call("POST", "/v1/auth/oidc", { provider: "interop", id_token, nonce });
  assert.equal(answer.status, 200);
});

test("[OID-3] a verified address leads to the customer who has proved it, another does not", async () => {
  const customer = await newCustomer();
  const known = random(), stranger = random();
  accounts.set(known, { email: customer.email, email_verified: true });
  accounts.set(stranger, { email: customer.email, email_verified: false });
  const found = await signIn(providerClients[0], known);
  assert.equal(found.body.user.id, customer.user.id);
  const other = await signIn(providerClients[0], stranger);
  assert.notEqual(other.body.user.id, customer.user.id);
  assert.equal(other.body.user.email, null);
  const login = await call("POST", "/v1/auth/login", { email: customer.email, password });
  assert.equal(login.body.user.id, customer.user.id);
});
