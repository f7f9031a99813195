// What every other one is compared with: a Worker that checks nothing.

export default {
  fetch: () => new Response('ok'),
};
