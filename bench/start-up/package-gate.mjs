// An app that has a gate of the package before it.

import { createGate } from '../../npm/workerd.js';

let gate;

export default {
  async fetch(request, env) {
    gate ??= await createGate(env.PACKAGE);
    return gate.handle(request, () => new Response('ok'));
  },
};
