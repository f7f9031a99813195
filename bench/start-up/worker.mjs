// The Portcullis Worker, before an origin that answers at once.

import portcullis from './portcullis-entry.js';

const ORIGIN = { fetch: async () => new Response('ok') };

export default {
  fetch: (request, env, context) => portcullis.fetch(request, { ...env, ORIGIN }, context),
};
