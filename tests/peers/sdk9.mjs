// The JavaScript SDK of the early 9 generation as a process that does what it is told: `node sdk9.mjs <url>`.
// A line on stdin is {"call": "users.tfa.enable", "with": [...]}; a line on stdout answers it: {"value": ...}, or
// {"refused": {"status", "errors"}} where the service had refused; beside it, under "wire", the addresses and the
// bodies that were asked: [{"method", "path", "sent", "media", "status", "got"}].

import { createInterface } from "node:readline";
import Directus from "directus-sdk-9";

const client = new Directus(process.argv[2], { auth: { mode: "json" } });
let wire = [];

function note(response) {
  const { config, status, data, request } = response;
  const exchange = { method: config.method, path: request.path, status, got: data };
  wire.push({ ...exchange, sent: config.data ?? null, media: request.getHeader("content-type") ?? null });
}

client.axios.interceptors.response.use(
  (response) => {
    note(response);
    return response;
  },
  (problem) => {
    if (problem.response) note(problem.response);
    throw problem;
  },
);

async function perform(call, given) {
  const path = call.split(".");
  const method = path.pop();
  const handler = path.reduce((there, word) => there[word], client);
  return typeof handler[method] === "function" ? handler[method](...given) : handler[method];
}

for await (const line of createInterface({ input: process.stdin })) {
  const { call, with: given } = JSON.parse(line);
  let answer;
  wire = [];
  try {
    answer = { value: (await perform(call, given)) ?? null };
  } catch (problem) {
    const { response } = problem;
    if (response) answer = { refused: { status: response.status, errors: response.data?.errors ?? null } };
    else answer = { broken: problem?.stack ?? String(problem) };
  }
  process.stdout.write(`${JSON.stringify({ ...answer, wire })}\n`);
}
process.exit(0);
