// An app that verifies the token of one cookie with jose, and nothing else.

import { importJWK, jwtVerify } from 'jose';

export default {
  async fetch(request, env) {
    const [, token = ''] = /__session=([^;]*)/.exec(request.headers.get('cookie') ?? '') ?? [];
    const key = await importJWK(env.JWK, 'RS256');
    return jwtVerify(token, key, { algorithms: ['RS256'] }).then(
      () => new Response('ok'),
      () => new Response(null, { status: 401 }),
    );
  },
};
