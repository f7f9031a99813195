// Keeps what `npm start` generates on this machine: its configuration names a development identity that signs anyone in.
//
//   node tools/dev-only.mjs     the build step of a generated configuration that has nothing to build

import { ToolError, runAsScript } from './run.mjs';

/** Throws when a wrangler command other than `dev` builds; wrangler names its command in WRANGLER_COMMAND. */
export function refuseDeploy() {
  const command = process.env.WRANGLER_COMMAND;
  if (command === undefined || command === 'dev') return;
  throw new ToolError(
    `this configuration was generated for this machine, with a development identity in it: \`wrangler ${command}\` is refused\n` +
      'help: deploy from the root, where wrangler.toml is: npx wrangler deploy',
  );
}

await runAsScript(import.meta.url, async () => refuseDeploy());
