// Runs other programs, and says what was run when one fails.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a trailing slash. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A failure whose message is all that the reader needs: shown without a stack. */
export class ToolError extends Error {}

/**
 * Runs a program with its output shown; rejects unless it exits with 0.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, help?: string, quiet?: boolean }} [options] `help` is what to
 *   do about a failure; `quiet` shows the output only then
 * @returns {Promise<string>} the output, when `quiet`
 */
export function run(command, args, { cwd = ROOT, env, help, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    const fail = (/** @type {string} */ how) => {
      const what = `\`${[command, ...args].join(' ')}\` ${how}`;
      reject(new ToolError([output.trim(), what, help && `help: ${help}`].filter(Boolean).join('\n')));
    };
    child.on('error', (error) => fail(/** @type {any} */ (error).code === 'ENOENT' ? 'is not installed' : `failed: ${error.message}`));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else fail(signal ? `was ended by ${signal}` : `ended with exit code ${code}`);
    });
  });
}

/**
 * Whether a program can be started at all.
 *
 * @param {string} command
 * @param {string[]} args
 */
export async function canRun(command, args = ['--version']) {
  return run(command, args, { quiet: true }).then(
    () => true,
    () => false,
  );
}

/**
 * Runs a script's main function: a {@link ToolError} is one message and exit code 1, and so is what the system refuses (a folder that cannot
 * be written, a full disk); anything else keeps its stack.
 *
 * @param {string} moduleUrl `import.meta.url` of the script
 * @param {() => Promise<void>} main
 */
export async function runAsScript(moduleUrl, main) {
  if (!isScript(moduleUrl)) return;
  try {
    assertNodeIsNewEnough();
    await main();
  } catch (error) {
    const isSystem = error instanceof Error && 'syscall' in error;
    console.error(error instanceof ToolError || isSystem ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/**
 * Throws where Node is older than `engines` in `package.json` asks for: what it lacks would else be told as a mistake of ours, minutes later.
 *
 * @param {string} [version]
 */
export function assertNodeIsNewEnough(version = process.versions.node) {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [major, minor] = /(\d+)\.(\d+)/.exec(engines.node)?.slice(1).map(Number) ?? [];
  const [ownMajor, ownMinor] = version.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  throw new ToolError(`Node ${version} is too old: ${major}.${minor} or newer is needed\nhelp: get one from https://nodejs.org`);
}

/**
 * Whether a module is what Node was started with. Its URL has symbolic links followed, the argument has not.
 *
 * @param {string} moduleUrl
 */
function isScript(moduleUrl) {
  const [, script] = process.argv;
  return script !== undefined && existsSync(script) && realpathSync(script) === fileURLToPath(moduleUrl);
}
