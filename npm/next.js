// `portcullis/next`: the gate as `proxy.js` (Next.js 16 and later) or `middleware.js`.
//
// Nothing of Next is imported. What `NextResponse.next({ request: { headers } })` says to Next it says in response headers, and so
// does this: the names of all headers that the request is to have, and the value of each.

import { adapterOptions, gateOnce, underOrigin } from './adapter.js';
import { privateHeaders } from './headers.js';

/**
 * @param {any} config
 * @param {import('./next.js').AdapterOptions} [options]
 */
export function gate(config, options) {
  const theGate = gateOnce(config);
  const { publicOrigin } = adapterOptions(options);
  return async function proxy(/** @type {Request} */ request) {
    const { method, headers } = request;
    const decision = await (await theGate(request)).decide({ method, headers, url: underOrigin(request.url, publicOrigin ?? asked(request)) });
    if (decision.action !== 'forward') return decision.toResponse();
    const answer = new Headers({ 'x-middleware-next': '1' });
    const names = [];
    for (const [name, value] of decision.requestHeaders(headers)) {
      names.push(name);
      answer.set(`x-middleware-request-${name}`, value);
    }
    answer.set('x-middleware-override-headers', names.join(','));
    const response = decision.addTo(new Response(null, { headers: answer }));
    // What the app says to caches of a network comes later, and only another value takes it away.
    if (decision.isPrivate) for (const name of privateHeaders(null, null).remove) response.headers.set(name, 'private');
    return response;
  };
}

/**
 * The origin that the client asked: in a server of one's own Next writes the address that it listens on into the URL.
 *
 * @param {Request} request
 */
function asked({ url, headers }) {
  const host = headers.get('host');
  return host ? `${url.slice(0, url.indexOf('://'))}://${host}` : undefined;
}
