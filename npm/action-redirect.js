// The page that the answer to a server action of Next.js holds, where the action redirects to it: `src/gate/action_redirect.rs`.

import { core } from './gate-core.js';
import { describeRequest } from './request.js';
import { line } from './texts.js';

const HEADER = 'x-action-redirect';

/** @param {{ method: string }} request @param {Response} answer */
export function holdsPage({ method }, answer) {
  return method === 'POST' && typeof answer.headers.get(HEADER) === 'string';
}

/**
 * An answer that holds one, without it where whoever sent the request may not open it.
 *
 * @param {string} settings
 * @param {import('./request.js').RequestLike} request
 * @param {Response} answer
 */
export async function withoutClosedPage(settings, request, answer) {
  const redirect = line(String(answer.headers.get(HEADER)));
  const { text } = await core.check('redirect', settings, describeRequest(request, redirect), request.headers);
  if (text === '') return answer;
  // Nobody will read it: the app need not send the rest.
  answer.body?.cancel().catch(() => {});
  const kept = text.split(',');
  return new Response(null, { status: answer.status, headers: [...answer.headers].filter(([name]) => kept.includes(name)) });
}
