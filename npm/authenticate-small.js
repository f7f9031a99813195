// `portcullis/small`: `authenticateRequest` without the options that few have. A Worker has all of its modules from the start, and so
// would carry, and compile, what knows those options, too.

import { authenticatorWith } from './authenticate-request.js';
import { refused } from './errors.js';

/** @param {ReturnType<typeof import('./loop.js').loopAround>} core */
export function smallAuthenticatorWith(core) {
  return authenticatorWith(core, () => {
    const rare = '`acceptsToken` (but for `session_token`), `isSatellite` and the patterns of `organizationSyncOptions`';
    throw refused('invalid-options', `${rare} are not known to \`portcullis/small\`: import \`authenticateRequest\` from \`portcullis\``);
  });
}
