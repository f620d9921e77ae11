// A real OpenID provider for tests and the demo: `node oidc.mjs [port]` prints "ready <issuer>" and serves.
// Any login with any password is let in. Clients register themselves at /reg (RFC 7591).
//   PUT  /_test/accounts/<login>   {claims}   what is known of somebody; see `accounts` for those there already
//   POST /_test/rotate-keys                   new keys under new ids, the old ones gone
// With --until-stdin-closes it ends with whoever started it.

import { createServer } from "node:http";
import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";
import { createMemoryAdapter } from "oidc-provider/lib/adapters/memory_adapter.js";

console.info = console.error; // stdout is for "ready"

const accounts = new Map([
  ["ada", person("ada", "Ada", "Lovelace", true)],
  ["grace", person("grace", "Grace", "Hopper", true)],
  ["shady", person("shady", "Sha", "Dy", false)],
  ["nameless", { sub: "nameless" }],
]);

function person(sub, given_name, family_name, email_verified) {
  return { sub, given_name, family_name, email: `${sub}@example.com`, email_verified };
}

const algorithms = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"];
const adapter = createMemoryAdapter(0); // outlives a rotation of the keys
const cookieKey = randomBytes(32).toString("base64url");

async function newKeys() {
  return Promise.all(
    [["RS256"], ["ES256"], ["EdDSA", { crv: "Ed25519" }]].map(async ([alg, options]) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true, ...options });
      return { ...(await exportJWK(privateKey)), use: "sig", kid: randomBytes(8).toString("hex") };
    }),
  );
}

async function newProvider(issuer) {
  return new Provider(issuer, {
    adapter,
    jwks: { keys: await newKeys() },
    cookies: { keys: [cookieKey] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["given_name", "family_name", "locale"] },
    scopes: ["openid", "profile", "email", "offline_access"],
    enabledJWA: { idTokenSigningAlgValues: algorithms },
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
    },
    pkce: { required: () => true },
    // Its guard against private networks would keep it from us, who are on this machine.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    rotateRefreshToken: true,
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => accounts.get(sub) ?? person(sub, "Some", "Body", true),
    }),
  });
}

async function readJson(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

async function control(request, path) {
  if (request.method === "POST" && path === "/_test/rotate-keys") {
    provider = await newProvider(issuer);
    return 204;
  }
  if (request.method === "PUT" && path.startsWith("/_test/accounts/")) {
    const sub = decodeURIComponent(path.split("/").pop());
    accounts.set(sub, { ...(await readJson(request)), sub });
    return 204;
  }
  return 404;
}

const server = createServer(async (request, response) => {
  if (!request.url.startsWith("/_test/")) return provider.callback()(request, response);
  response.writeHead(await control(request, request.url).catch(() => 400)).end();
});

let issuer, provider;
const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 0);
server.listen(port, "127.0.0.1", async () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  provider = await newProvider(issuer);
  console.log(`ready ${issuer}`);
});

if (process.argv.includes("--until-stdin-closes")) process.stdin.resume().on("close", () => process.exit());
