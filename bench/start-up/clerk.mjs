// An app that asks Clerk's library who a request is from.

import { createClerkClient } from '@clerk/backend';

export default {
  async fetch(request, { PACKAGE: { publishableKey, secretKey, jwtKey, authorizedParties } }) {
    const options = { publishableKey, secretKey, jwtKey, authorizedParties };
    const { isAuthenticated } = await createClerkClient(options).authenticateRequest(request, options);
    return new Response(null, { status: isAuthenticated ? 200 : 401 });
  },
};
