// graphql-ws as a process that does what it is told: `node subscribing.mjs <url of the socket>`.
// A line on stdin is a command, and a line on stdout answers it:
//   {"open": token}                    a client, once the service has acknowledged it
//   {"subscribe": query, "variables"}  once the service has read it (it has answered a ping behind it)
//   {"next": true}                     the next result: {"value"}, {"errors"}, or {"closed": code} at the end
//   {"close": true}                    the client leaves

import { createInterface } from "node:readline";
import { createClient } from "graphql-ws";

const [url] = process.argv.slice(2);
const waiting = [];
const results = [];
let client, socket, ponged;

function tell(result) {
  const one = waiting.shift();
  if (one) one(result);
  else results.push(result);
}

function ping() {
  const { promise, resolve } = Promise.withResolvers();
  ponged = resolve;
  socket.send(JSON.stringify({ type: "ping" }));
  return promise;
}

const verbs = {
  async open(token) {
    const { promise, resolve, reject } = Promise.withResolvers();
    client = createClient({ url, lazy: false, retryAttempts: 0, connectionParams: { access_token: token }, onNonLazyError: () => {} });
    client.on("opened", (opened) => (socket = opened));
    client.on("connected", () => resolve("connected"));
    client.on("pong", () => ponged?.());
    client.on("closed", (event) => {
      reject(Object.assign(new Error("closed"), { closed: event.code }));
    });
    return promise;
  },
  async subscribe(query, { variables }) {
    client.subscribe({ query, variables }, {
      next: (value) => tell({ value }),
      error: (problem) => tell(typeof problem?.code === "number" ? { closed: problem.code } : { errors: problem }),
      complete: () => tell({ completed: true }),
    });
    await new Promise((resolve) => setImmediate(resolve));
    await ping();
    return "subscribed";
  },
  next: () => new Promise((resolve) => (results.length ? resolve(results.shift()) : waiting.push(resolve))),
  close: async () => (await client.dispose(), "closed"),
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const [verb] = Object.keys(asked);
  let answer;
  try {
    answer = { value: await verbs[verb](asked[verb], asked) };
  } catch (problem) {
    answer = problem?.closed === undefined ? { broken: problem?.stack ?? String(problem) } : { value: { closed: problem.closed } };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
