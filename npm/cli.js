#!/usr/bin/env node
// `npx portcullis`: hands over to the native command line where it is installed, and explains decisions of a package's gate by itself.

import { spawnSync } from 'node:child_process';
import { closeSync, constants, accessSync, openSync, readFileSync, readSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** Exit code: wrong usage, or nothing that could do it. */
const UNUSABLE = 2;

const EXPLAIN_USAGE = `portcullis explain METHOD URL --gate FILE

Why does the gate of this package decide so about a request?

  METHOD             as GET
  URL                a path on the first authorized party, or an absolute URL
  --gate FILE        a module whose default export (or export \`config\`) is what createGate gets, or the same as JSON
  --header 'N: v'    a header; may be repeated
  --cookie n=v       a cookie; may be repeated
  --token TOKEN      for \`Authorization: Bearer\`; - reads standard input
  --json             the explanation as JSON
`;

const NO_BINARY = `portcullis: the command line is a native program, and it is not on this machine's PATH.

  cargo install --path .   (in a checkout of Portcullis)

Without it, this package explains decisions of its own gate: npx portcullis explain --help
`;

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} args */
async function main(args) {
  const isOwn = args[0] === 'explain' && args.some((arg) => arg === '--gate' || arg.startsWith('--gate='));
  const wantsHelp = args.includes('--help') || args.includes('-h');
  if (isOwn && !wantsHelp) return explainOwn(args.slice(1));
  if (isOwn) return showUsage();
  const binary = findBinary();
  if (binary) {
    const { status, error } = spawnSync(binary, args, { stdio: 'inherit' });
    // By a signal: 1 would say that something was found.
    if (!error) return status ?? UNUSABLE;
    process.stderr.write(`portcullis: ${binary} cannot be run: ${error.message}\n`);
    return UNUSABLE;
  }
  if (args[0] === 'explain' && wantsHelp) return showUsage();
  process.stderr.write(NO_BINARY);
  return UNUSABLE;
}

function showUsage() {
  process.stdout.write(EXPLAIN_USAGE);
  return 0;
}

/** The native program. What npm puts on the PATH beside it under the same name is a script, this one, and is passed over. */
function findBinary() {
  const name = process.platform === 'win32' ? 'portcullis.exe' : 'portcullis';
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      const begin = Buffer.alloc(2);
      const descriptor = openSync(file, 'r');
      readSync(descriptor, begin, 0, 2, 0);
      closeSync(descriptor);
      return begin.toString('latin1') !== '#!';
    } catch {
      return false;
    }
  });
}

/** @param {string[]} args */
async function explainOwn(args) {
  /** @type {ReturnType<typeof readArguments>} */
  let given;
  /** @type {any} */
  let config;
  try {
    given = readArguments(args);
    config = await readConfig(given.gate);
  } catch (error) {
    process.stderr.write(`portcullis: ${error instanceof Error ? error.message : error}\n\n${EXPLAIN_USAGE}`);
    return UNUSABLE;
  }
  const { explain } = await import('./node.js');
  try {
    const explained = await explain(config, given.request(config));
    // `auth` holds functions and claims, and the token itself is nobody's to print.
    const { auth: _auth, token: _token, responseHeaders: _cookies, ...decision } = /** @type {any} */ (explained.decision);
    const shown = { ...explained, decision };
    const text = given.isJson ? `${JSON.stringify(shown, null, 2)}\n` : render(given.title, shown);
    process.stdout.write(given.mask(text));
    return 0;
  } catch (error) {
    process.stderr.write(`portcullis: ${error instanceof Error ? error.message : error}\n`);
    return UNUSABLE;
  }
}

/** @param {string[]} args */
function readArguments(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      gate: { type: 'string' },
      header: { type: 'string', multiple: true, default: [] },
      cookie: { type: 'string', multiple: true, default: [] },
      token: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [method, address] = positionals;
  if (positionals.length !== 2) throw new Error('expected a method and an address');
  if (!values.gate) throw new Error('`--gate` expects a file');
  if (!address.startsWith('/') && !/^https?:\/\//i.test(address)) throw new Error(`\`${address}\` is no path and no absolute URL`);
  const headers = new Headers();
  for (const header of values.header) {
    const [, name, value] = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/s.exec(header) ?? [];
    if (name === undefined) throw new Error('`--header` expects `Name: value`');
    headers.append(name, value);
  }
  if (values.cookie.length > 0) headers.append('cookie', values.cookie.join('; '));
  const token = values.token === '-' ? readFileSync(0, 'utf8').trim() : values.token;
  if (token !== undefined) headers.set('authorization', `Bearer ${token.replace(/^Bearer /, '')}`);
  if (method === 'GET' && !headers.has('accept') && !headers.has('sec-fetch-dest')) headers.set('accept', 'text/html');
  const secrets = [headers.get('authorization')?.split(' ').at(-1), ...(headers.get('cookie') ?? '').split(/;\s*/).map((pair) => pair.slice(pair.indexOf('=') + 1))];
  return {
    gate: values.gate,
    isJson: values.json,
    title: `${method} ${address}`,
    /** @param {any} config */
    request: (config) => {
      // What is no list of texts is for `createGate` to refuse.
      const party = [config.authorizedParties].flat().find((one) => typeof one === 'string' && !one.includes('*')) ?? 'https://example.com';
      return { method, url: address.startsWith('/') ? party + address : address, headers };
    },
    /** Without any credential, given or alike. @param {string} text */
    mask: (text) => {
      const known = secrets.filter((secret) => secret !== undefined && secret.length >= 16);
      const masked = known.reduce((/** @type {string} */ so, secret) => so.replaceAll(/** @type {string} */ (secret), '…'), text);
      return masked.replace(/\b(eyJ|dvb_|mt_|oat_|ak_|sk_live_|sk_test_|whsec_)[\w.+/=-]{16,}/g, '$1…');
    },
  };
}

/** @param {string} file */
async function readConfig(file) {
  if (file.endsWith('.json')) return asConfig(JSON.parse(readFileSync(file, 'utf8')), `\`${file}\` holds no configuration: expected an object of settings`);
  const module = await import(pathToFileURL(resolve(file)).href);
  return asConfig(module.default ?? module.config, `\`${file}\` exports no configuration: expected a default export, or \`config\``);
}

/** @param {any} config @param {string} complaint */
function asConfig(config, complaint) {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new Error(complaint);
  return config;
}

/** @param {string} title @param {any} explained */
function render(title, { target, ambiguity, readings, rules, requirements, token, decision }) {
  const lines = [title, target === null ? `  cannot be judged: ${ambiguity}` : `  judged and forwarded as ${target}`];
  /** @param {string} title @param {any[]} items @param {(item: any) => string} line */
  const part = (title, items, line) => items.length > 0 && lines.push('', title, ...items.map((item) => `  ${line(item)}`));
  part('readings of the path', readings, ({ path, kind, answers }) => {
    const asked = answers.map((/** @type {any} */ { access, rule }) => `${access} by ${rule}`).join('; ');
    return `${path}  ${asked || 'no list names it'} (${kind})`;
  });
  part('rules, in order of precedence', rules, ({ name, access, consideration, decides }) => `${decides ? '✓' : '-'} ${name} (${access}): ${decides ? 'decides' : consideration}`);
  part('required beside a session', requirements, ({ name, expected, rule, isMet }) => `${isMet ? '✓' : '✗'} ${name} ${expected} (by ${rule})`);
  part(`token in the ${token?.place}`, token?.checks ?? [], ({ check, outcome, message }) => {
    const mark = outcome === 'passed' ? '✓' : outcome === 'failed' ? '✗' : '-';
    return `${mark} ${check}${message ? `: ${message}` : outcome === 'not-reached' ? ': not reached' : ''}`;
  });
  const status = decision.action === 'forward' ? '' : ` ${decision.status}`;
  lines.push('', 'decision', `  ${decision.action}${status} (${decision.reason})${decision.rule ? `; ${decision.access} by ${decision.rule}` : ''}`);
  if (decision.message) lines.push(`  ${decision.message}`);
  return `${lines.join('\n').replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd')}\n`;
}
