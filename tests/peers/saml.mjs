// A real SAML identity provider for tests: `node saml.mjs <key.pem> <cert.pem>` prints "ready <url>" and serves.
//   GET /sso?SAMLRequest=...   an auto-posting form with the signed answer, about the person of the header
//                              X-Person (JSON), by the options of X-Options (JSON, those of samlp)
//   GET /metadata              its metadata
// With --until-stdin-closes it ends with whoever started it.

import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import samlp from "samlp";

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
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${url}/post"/>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${url}/sso"/>
</IDPSSODescriptor></EntityDescriptor>`;
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, url);
  if (pathname === "/metadata") return response.end(metadata());
  if (pathname !== "/sso") return response.writeHead(404).end();
  request.query = Object.fromEntries(searchParams);
  response.set = (name, value) => response.setHeader(name, value);
  response.send = (body) => response.end(String(body));
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
