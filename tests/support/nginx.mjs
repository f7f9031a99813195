// nginx as a shared cache, as people put one in front: Debian's package, with a configuration and folders of its own.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../../tools/ports.mjs';
import { environment } from './environment.mjs';

const START_LIMIT_MS = 10_000;

/** How to call nginx; `undefined` where it is not installed. */
export function findNginx() {
  return ['nginx', '/usr/sbin/nginx'].find((command) => spawnSync(command, ['-v']).status === 0);
}

/**
 * Starts a cache before a server. It keeps whatever it is not told not to keep, and says in `X-Cache` what it did.
 *
 * @param {string} command
 * @param {string} upstream `host:port`
 */
export async function startCache(command, upstream) {
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join(' ');
  const config = `
    daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log;
    events { worker_connections 64; }
    http {
      access_log off; ${temporary}
      proxy_cache_path ${dir}/cache keys_zone=all:1m;
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://${upstream};
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_cache all;
          proxy_cache_key $request_uri;
          proxy_cache_valid any 10m;
          add_header X-Cache $upstream_cache_status always;
        }
      }
    }`;
  await writeFile(join(dir, 'nginx.conf'), config);
  const child = spawn(command, ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(dir, { recursive: true, force: true });
  };
  for (const end = Date.now() + START_LIMIT_MS; !(await listens(port)); await sleep(50)) {
    if (child.exitCode !== null || Date.now() > end) {
      await stop();
      throw new Error(`nginx did not start:\n${printed}`);
    }
  }
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** @param {number} port @returns {Promise<boolean>} */
function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
