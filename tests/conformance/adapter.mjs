// The gate as the conformance kit asks for it: what a request's access is, and what the origin would be sent.
//
//   ADAPTER=tests/conformance/adapter.mjs node tests/vectors/paths/check.mjs
//   TRANSIT=passthrough ADAPTER=… node …       the URL as the client wrote it, not as a URL parser leaves it
//
// The answers are the core's own: `judge_targets.rs` beside this file, built by cargo when it is first asked.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ method: string, url: string, headers: [string, string][] }} Request
 * @typedef {{ access: 'public' | 'protected' | 'admin' | null, target: string | null, headers: [string, string][] }} Said
 */

const child = spawn('cargo', ['run', '--quiet', '--example', 'judge_targets'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  stdio: ['pipe', 'pipe', 'inherit'],
});
/** Those who wait for a line, in order. @type {{ resolve: (line: string) => void, reject: (error: Error) => void }[]} */
const waiting = [];
createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(line));
child.on('exit', (code) => waiting.splice(0).forEach(({ reject }) => reject(new Error(`judge_targets ended with ${code}`))));

/** The last question and its answer: the kit asks three things about each request. @type {{ question: string, said: Promise<Said> }} */
let last = { question: '', said: Promise.resolve({ access: null, target: null, headers: [] }) };

/** @param {object} policy @param {Request} request @returns {Promise<Said>} */
function ask(policy, { method, url, headers }) {
  const question = JSON.stringify({ policy, method, url, headers });
  if (question !== last.question) {
    const line = new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    child.stdin.write(`${question}\n`);
    last = { question, said: line.then((text) => JSON.parse(text)) };
  }
  return last.said;
}

/** @param {object} policy @param {Request} request */
export async function classify(policy, request) {
  return (await ask(policy, request)).access ?? 'reject';
}

/** @param {object} policy @param {Request} request */
export async function forwardedPath(policy, request) {
  return (await ask(policy, request)).target;
}

/** @param {object} policy @param {Request} request */
export async function forwardedHeaders(policy, request) {
  return (await ask(policy, request)).headers;
}
