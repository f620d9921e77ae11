// A real SAML identity provider for tests: `node saml.mjs <key.pem> <cert.pem>` prints "ready <url>" and serves.
//   GET /sso?SAMLRequest=...   an auto-posting form with the signed answer, about the person of the header
//                              X-Person (JSON), by the options of X-Options (JSON, those of samlp); POST /post
//                              takes the question in a form
//   GET /metadata              its metadata
//   GET, POST /slo             single logout: a service provider's request or answer, or nothing to begin one
//   PUT /_test/participants    who is signed in where (JSON, samlp's participants); GET tells who still is
// With --until-stdin-closes it ends with whoever started it.

import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import samlp from "samlp";
import constants from "samlp/lib/constants.js";
import Participants from "samlp/lib/sessionParticipants/index.js";

const { BINDINGS } = constants;

const [key, cert] = process.argv.slice(2, 4).map((path) => readFileSync(path));
const claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
console.log = console.warn = console.error; // stdout is for "ready"

function mapper(person) {
  const { nameID, email, first, last, ...more } = person;
  return {
    getClaims: () => ({ [`${claims}emailaddress`]: email, [`${claims}givenname`]: first, [`${claims}surname`]: last, ...more }),
    getNameIdentifier: () => ({ nameIdentifier: nameID, nameIdentifierFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" }),
  };
}

function bare(pem) {
  return pem.toString().replace(/-----[A-Z ]+-----|\s/g, "");
}

function metadata() {
  return `<?xml version="1.0"?>
<EntityDescriptor entityID="urn:test:idp" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
${bare(cert)}
</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${url}/slo"/>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${url}/post"/>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${url}/sso"/>
</IDPSSODescriptor></EntityDescriptor>`;
}

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

// What samlp wants of Express.
function dress(request, response, searchParams) {
  request.query = Object.fromEntries(searchParams);
  response.set = (name, value) => response.setHeader(name, value);
  response.send = (body) => response.end(String(body));
  response.redirect = (place) => response.writeHead(302, { location: place }).end();
}

let participants = [];
const transactions = new Map(); // in the place of the browser's session
const store = {
  save: (_, state, done) => { const id = randomUUID(); transactions.set(id, state); done(null, id); },
  load: (_, id, options, done) => {
    const state = transactions.get(id);
    if (options.destroy) transactions.delete(id);
    (done ?? options)(null, state);
  },
  update: (_, id, state, done) => { transactions.set(id, state); done(null); },
};

async function logout(request, response) {
  request.body = request.method === "POST" ? Object.fromEntries(new URLSearchParams(await read(request))) : {};
  const sessionParticipants = new Participants(participants);
  const options = { issuer: "urn:test:idp", key, cert, deflate: true, protocolBinding: BINDINGS.HTTP_REDIRECT };
  samlp.logout({ ...options, sessionParticipants, store })(request, response, (problem) =>
    response.writeHead(400).end(String(problem)),
  );
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, url);
  if (pathname === "/metadata") return response.end(metadata());
  if (pathname === "/_test/participants") {
    if (request.method === "PUT") participants = JSON.parse(await read(request));
    return response.end(JSON.stringify(participants));
  }
  dress(request, response, searchParams);
  if (pathname === "/slo") return logout(request, response);
  if (pathname === "/post") request.body = Object.fromEntries(new URLSearchParams(await read(request)));
  else if (pathname !== "/sso") return response.writeHead(404).end();
  const person = JSON.parse(request.headers["x-person"]);
  const landsAt = (dom) => dom?.documentElement.getAttribute("AssertionConsumerServiceURL") ?? request.headers["x-acs"];
  const asked = samlp.auth({
    issuer: "urn:test:idp", key, cert, deflate: true,
    profileMapper: mapper,
    getUserFromRequest: () => person,
    getPostURL: (_, dom, __, done) => done(null, landsAt(dom)),
    ...JSON.parse(request.headers["x-options"] ?? "{}"),
  });
  asked(request, response, (problem) => response.writeHead(400).end(String(problem)));
});

let url;
server.listen(0, "127.0.0.1", () => {
  url = `http://127.0.0.1:${server.address().port}`;
  process.stdout.write(`ready ${url}\n`);
});

if (process.argv.includes("--until-stdin-closes")) process.stdin.resume().on("close", () => process.exit());
