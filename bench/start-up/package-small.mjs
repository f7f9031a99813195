// An app that asks the package, without the options that few have, who a request is from.

import { authenticateRequest } from '../../npm/workerd-small.js';

export default {
  async fetch(request, { PACKAGE: { publishableKey, secretKey, jwtKey, apiUrl, authorizedParties } }) {
    const { isAuthenticated } = await authenticateRequest(request, { publishableKey, secretKey, jwtKey, apiUrl, authorizedParties });
    return new Response(null, { status: isAuthenticated ? 200 : 401 });
  },
};
