// The configuration of `npm start`: the policy of wrangler.toml, with this machine's addresses. It is generated, ignored by git,
// and refuses to deploy (tools/dev-only.mjs).

import { existsSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseEnv } from 'node:util';

import { ROOT, ToolError } from './run.mjs';

/** What else of wrangler.toml also works on one machine. Routes, services and addresses stay behind. */
const KEPT_SECTIONS = ['compatibility_date', 'compatibility_flags', 'kv_namespaces', 'd1_databases', 'ratelimits'];

/**
 * What the gate is to use as its Clerk instance.
 *
 * @typedef {object} Instance
 * @property {string} signInUrl
 * @property {string} signUpUrl
 * @property {string} signOutUrl
 * @property {Record<string, string>} vars plain variables of the Worker
 * @property {Record<string, string>} secrets
 */

/**
 * Returns the real instance whose keys are in `.dev.vars`, or `undefined` where there are none.
 *
 * @param {string} [path]
 * @returns {Promise<Instance | undefined>}
 */
export async function realInstance(path = join(ROOT, '.dev.vars')) {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return '';
    throw new ToolError(`${path} cannot be read: ${error.message}\nhelp: it is a file of lines NAME=value; mend it, or remove it`);
  });
  // A byte order mark, which editors on Windows write, is part of no name.
  const { CLERK_PUBLISHABLE_KEY: publishableKey, CLERK_SECRET_KEY: secretKey } = parseEnv(text.replace(/^\ufeff/, ''));
  if (!publishableKey && !secretKey) return undefined;
  if (!publishableKey || !secretKey) {
    const [present, absent] = publishableKey ? ['PUBLISHABLE', 'SECRET'] : ['SECRET', 'PUBLISHABLE'];
    throw new ToolError(
      `.dev.vars has CLERK_${present}_KEY but no CLERK_${absent}_KEY\n` +
        'help: give both to use your Clerk instance, or neither to use the development identity',
    );
  }
  const portal = accountPortal(publishableKey);
  // The secrets themselves reach the Worker through wrangler, which reads the file; nothing is copied.
  return { signInUrl: `${portal}/sign-in`, signUpUrl: `${portal}/sign-up`, signOutUrl: `${portal}/user`, vars: {}, secrets: {} };
}

/**
 * Clerk's account portal of an instance: `accounts.` for the production domain's `clerk.`, and in development a host of its own.
 *
 * @param {string} publishableKey
 */
function accountPortal(publishableKey) {
  const encoded = /^pk_(?:test|live)_(.+)$/.exec(publishableKey)?.[1] ?? '';
  const frontendApi = Buffer.from(encoded, 'base64').toString().replace(/\$$/, '');
  if (!/^[a-z0-9.-]+\.[a-z]+$/i.test(frontendApi)) {
    throw new ToolError('CLERK_PUBLISHABLE_KEY in .dev.vars is not a publishable key\nhelp: it starts with pk_test_ or pk_live_');
  }
  const host = frontendApi.endsWith('.accounts.dev')
    ? frontendApi.replace('.clerk.accounts.dev', '.accounts.dev')
    : frontendApi.replace(/^clerk\./, 'accounts.');
  return `https://${host}`;
}

/**
 * Writes the configuration, and the instance's secrets in a file of their own. They are gone when `remove` was called or the process has ended.
 *
 * @param {object} options
 * @param {string} options.dir where to
 * @param {Instance} options.instance
 * @param {string} options.gateOrigin
 * @param {string} options.originUrl
 * @param {string} options.workerDir the built Worker
 * @param {boolean} options.rebuild builds again when something in src/ changes
 */
export async function writeDevConfig({ dir, instance, gateOrigin, originUrl, workerDir, rebuild }) {
  const { parse } = await import('smol-toml');
  /** @type {Record<string, any>} */
  const production = parse(await readFile(join(ROOT, 'wrangler.toml'), 'utf8'));
  const vars = production.vars ?? {};
  const node = `"${process.execPath}"`;
  const config = {
    name: 'portcullis-on-this-machine-only',
    main: relative(dir, join(workerDir, 'index.js')),
    ...Object.fromEntries(KEPT_SECTIONS.filter((key) => key in production).map((key) => [key, production[key]])),
    workers_dev: false,
    preview_urls: false,
    build: {
      command: rebuild ? `${node} tools/build.mjs --dev` : `${node} tools/dev-only.mjs`,
      cwd: ROOT,
      ...(rebuild && { watch_dir: relative(dir, join(ROOT, 'src')) }),
    },
    vars: {
      ...vars,
      ...instance.vars,
      PORTCULLIS: {
        ...vars.PORTCULLIS,
        origin: originUrl,
        authorized_parties: [gateOrigin],
        sign_in_url: instance.signInUrl,
        sign_up_url: instance.signUpUrl,
      },
    },
  };
  await mkdir(dir, { recursive: true });
  const paths = { config: join(dir, 'wrangler.json'), secrets: join(dir, 'secrets.vars') };
  const secrets = Object.entries(instance.secrets).map(([name, value]) => `${name}="${value}"\n`);
  const remove = () => {
    for (const path of Object.values(paths)) rmSync(path, { force: true });
    process.off('exit', remove);
  };
  // Ctrl-C before the gate is ready, or wrangler's own end, is an exit of this process without a call of `remove`.
  process.on('exit', remove);
  await writeFile(paths.config, JSON.stringify(config, null, 2), { mode: 0o600 });
  await writeFile(paths.secrets, secrets.join(''), { mode: 0o600 });
  return { ...paths, remove };
}

/** The file with the developer's own secrets, for wrangler to read; absent in a fresh checkout. */
export function ownSecrets() {
  const path = join(ROOT, '.dev.vars');
  return existsSync(path) ? path : undefined;
}
