// A server of a test, on a port of this machine that was free.

/**
 * @param {import('node:net').Server} server
 * @returns {Promise<number>} its port
 */
export async function listen(server) {
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', () => resolve(undefined)));
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}
