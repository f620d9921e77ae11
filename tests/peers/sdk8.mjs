// The JavaScript SDK of the 8 generation as a process that does what it is told: `node sdk8.mjs <url> <project>`.
// A line on stdin is {"call": method, "with": [...]}; a line on stdout answers it: {"value": ...}, or
// {"refused": {"code", "message"}} where the SDK threw what the service had answered.

import { createInterface } from "node:readline";
import sdk from "directus-sdk-8";

const [url, project] = process.argv.slice(2);
const Client = sdk.default ?? sdk;
const client = new Client({ url, project, mode: "jwt" });

// It rejects a second promise of its own with each refusal, which nobody can catch.
process.on("unhandledRejection", () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const { call, with: given } = JSON.parse(line);
  let answer;
  try {
    const value = call === "token" ? client.config.token : await client[call](...given);
    answer = { value: value ?? null };
  } catch (problem) {
    const told = problem?.code === undefined ? { broken: problem?.stack ?? String(problem) } : null;
    answer = told ?? { refused: { code: Number(problem.code), message: problem.message } };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
