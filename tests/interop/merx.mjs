// Shared by the tests here: addresses and calls of the stack that `run` has started.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const env = process.env;
export const url = env.MERX_URL; // https://127.0.0.1:PORT/api
export const issuer = url;
export const audience = "merx";
export const tls = { cert: readFileSync(env.TLS_CERT), key: readFileSync(env.TLS_KEY) };
export const providerPort = Number(env.PROVIDER_PORT);
export const providerClients = env.PROVIDER_CLIENTS.split(" ");

export async function call(method, path, body, token) {
  const answer = await fetch(url + path, {
    method,
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
}

export const password = "correct-Horse-battery-9";
export const newAddress = () => `${randomUUID().slice(0, 18)}@example.com`;

// The newest code that was mailed to the address.
async function mailedCode(address) {
  for (let i = 0; i < 6000; i++) {
    const names = readdirSync(env.MERX_MAIL).filter((n) => !n.startsWith(".")).sort();
    for (const name of names.reverse()) {
      const mail = readFileSync(join(env.MERX_MAIL, name), "utf8");
      const code = mail.includes(address) && /^Code: ([0-9A-Z]{5}-[0-9A-Z]{5})\r?$/m.exec(mail);
      if (code) return code[1];
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("no mail");
}

// A customer with a proved address: TOKENS, and `email`.
export async function newCustomer() {
  const email = newAddress();
  const sent = await call("POST", "/v1/auth/register", { email, password, name: "Ada Lovelace" });
  assert.equal(sent.status, 202);
  const code = await mailedCode(email);
  const { handle } = sent.body;
  const verified = await call("POST", "/v1/auth/verify", { email, code, handle });
  assert.equal(verified.status, 200);
  return { ...verified.body, email };
}
