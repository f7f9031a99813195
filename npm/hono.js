// `portcullis/hono`: the gate as a middleware of Hono.

import { adapterOptions, gateOnce, underOrigin } from './adapter.js';

/**
 * @param {any} config
 * @param {import('./hono.js').AdapterOptions} [options]
 * @returns {any}
 */
export function gate(config, options) {
  const theGate = gateOnce(config);
  const { publicOrigin } = adapterOptions(options);
  return async (/** @type {any} */ context, /** @type {() => Promise<void>} */ next) => {
    const { raw } = context.req;
    const view = publicOrigin === undefined ? raw : { method: raw.method, url: underOrigin(raw.url, publicOrigin), headers: raw.headers };
    const decision = await (await theGate(context)).decide(view);
    if (decision.action !== 'forward') return decision.toResponse();
    // Hono has routed by now. That is safe: the path was judged under every reading, the one as it came among them.
    context.req.raw = withHeaders(raw, decision.requestHeaders(raw.headers));
    context.set('auth', decision.auth);
    await next();
    if (context.res.status === 101 || (!decision.isPrivate && decision.responseHeaders.length === 0)) return;
    const { headers } = decision.addTo(new Response(null, { headers: context.res.headers }));
    for (const name of [...context.res.headers.keys()]) {
      if (name !== 'set-cookie' && !headers.has(name)) context.header(name, undefined);
    }
    for (const [name, value] of headers) {
      if (name !== 'set-cookie' && context.res.headers.get(name) !== value) context.header(name, value);
    }
    for (const [name, value] of decision.responseHeaders) {
      if (name === 'set-cookie') context.header(name, value, { append: true });
    }
  };
}

/**
 * The app's request.
 *
 * @param {any} raw
 * @param {Headers} headers
 */
function withHeaders(raw, headers) {
  // What Bun and Deno open a WebSocket with has to be the very request that their server made: it stays, and shows other headers.
  if (headers.has('upgrade') && ('Bun' in globalThis || 'Deno' in globalThis)) return Object.defineProperty(raw, 'headers', { value: headers });
  // A body that was read before the gate is Hono's, which keeps it.
  return raw.bodyUsed ? new Request(raw.url, { method: raw.method, headers, signal: raw.signal }) : new Request(raw, { headers });
}
