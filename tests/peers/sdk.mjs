// The JavaScript SDK as a process that does what it is told: `node sdk.mjs <package> <url>`.
// A line on stdin is {"call": name, "with": [...]}: a command of the SDK (readUsers ...), or a method of its
// client (login, refresh, logout, getToken, setToken, query), or "as" a token: {"as": token, "call": ..., "with": [...]}.
// A form to upload is {"form": [[name, text or {"base64", "name", "type"}]]}; a Blob comes back as such an object.
// A line on stdout answers it: {"value": ...}, or {"refused": {"status", "errors", "message", "isError"}}, and
// beside it under "wire" what went over the wire: [{"method", "path", "headers", "sent", "status", "got"}].

import { createInterface } from "node:readline";

const [name, url] = process.argv.slice(2);
const realFetch = globalThis.fetch;
let wire = [];
// Before the SDK is there: it takes the global one when it is imported.
globalThis.fetch = async (input, init = {}) => {
  const { pathname, search } = new URL(input);
  const exchange = { method: init.method ?? "GET", path: pathname + search, sent: init.body ?? null };
  exchange.headers = Object.fromEntries(new Headers(init.headers));
  wire.push(exchange);
  const response = await realFetch(input, init);
  exchange.status = response.status;
  exchange.got = await response.clone().text();
  return response;
};
const sdk = await import(name);
const client = sdk.createDirectus(url).with(sdk.authentication("json")).with(sdk.rest()).with(sdk.graphql());
const methods = new Set(["login", "refresh", "logout", "getToken", "setToken", "query"]);

function formed(value) {
  if (!Array.isArray(value?.form)) return value;
  const form = new FormData();
  for (const [key, part] of value.form) {
    if (typeof part === "string") form.append(key, part);
    else form.append(key, new Blob([Buffer.from(part.base64, "base64")], { type: part.type }), part.name);
  }
  return form;
}

async function perform({ call, as, with: arguments_ }) {
  const given = arguments_.map(formed);
  if (methods.has(call)) return client[call](...given);
  if (typeof sdk[call] !== "function") throw new Error(`the SDK has no ${call}`);
  const command = sdk[call](...given);
  return client.request(as === undefined ? command : sdk.withToken(as, command));
}

// SDK 13 gives the Response itself where there is no JSON to parse.
async function shown(value) {
  if (value instanceof Blob) return { type: value.type, base64: Buffer.from(await value.arrayBuffer()).toString("base64") };
  return value instanceof Response ? { response: value.status, text: await value.text() } : (value ?? null);
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { value: await shown(await perform(JSON.parse(line))) };
  } catch (problem) {
    if (problem?.errors === undefined) answer = { broken: problem?.stack ?? String(problem) };
    else {
      const { errors, message, response } = problem;
      answer = { refused: { errors, message, status: response?.status, isError: problem instanceof Error } };
    }
  }
  console.log(JSON.stringify({ ...answer, wire }));
  wire = [];
}
process.exit(); // a timer of the client's may still wait to refresh its token
