// An app that asks the package who a request is from.

import { authenticateRequest } from '../../npm/workerd.js';

export default {
  async fetch(request, { PACKAGE: { publishableKey, secretKey, jwtKey, apiUrl, authorizedParties } }) {
    const { isAuthenticated } = await authenticateRequest(request, { publishableKey, secretKey, jwtKey, apiUrl, authorizedParties });
    return new Response(null, { status: isAuthenticated ? 200 : 401 });
  },
};
