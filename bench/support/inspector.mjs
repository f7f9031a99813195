// Asks a workerd that was started with `--inspector-addr` about its isolate, by the protocol of V8's inspector.

// @ts-expect-error the package brings no types
import WebSocket from 'ws';

/**
 * Sends commands one after the other, and gives the answer to the last.
 *
 * @param {number} port
 * @param {(send: (method: string, params?: object) => Promise<any>) => Promise<any>} use
 */
export async function inspect(port, use) {
  const list = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [{ webSocketDebuggerUrl }] = /** @type {any[]} */ (await list.json());
  const socket = new WebSocket(webSocketDebuggerUrl, { maxPayload: 1 << 30 });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  /** @type {Map<number, (message: any) => void>} */
  const waiting = new Map();
  let id = 0;
  socket.on('message', (/** @type {unknown} */ data) => {
    const message = JSON.parse(String(data));
    waiting.get(message.id)?.(message);
  });
  const send = (/** @type {string} */ method, params = {}) =>
    new Promise((resolve, reject) => {
      id += 1;
      waiting.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result)));
      socket.send(JSON.stringify({ id, method, params }));
    });
  try {
    return await use(send);
  } finally {
    socket.close();
  }
}

/** Bytes of JavaScript's heap, with the garbage that is not yet collected. @param {number} port @returns {Promise<number>} */
export function heapBytes(port) {
  return inspect(port, async (send) => (await send('Runtime.getHeapUsage')).usedSize);
}
