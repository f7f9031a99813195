// Requests byte for byte, over a bounded number of connections that are kept.

import { connect } from 'node:net';

/** How many connections are open at once. */
const CONNECTIONS = 16;
const LIMIT_MS = 20_000;

/**
 * @typedef {object} Answered
 * @property {number} status 0: the connection ended without an answer
 * @property {string} head the status line and the header fields
 */

/**
 * Sends every request and gives the answers in the same order. A request is the bytes of its head, without a body; one is in flight
 * on a connection at a time, so an answer can be nobody else's.
 *
 * @param {number} port
 * @param {Buffer[]} requests
 * @returns {Promise<Answered[]>}
 */
export async function sendAll(port, requests) {
  /** @type {Answered[]} */
  const answers = new Array(requests.length);
  let next = 0;
  const worker = async () => {
    let connection = new Connection(port);
    while (next < requests.length) {
      const index = next;
      next += 1;
      answers[index] = await connection.send(requests[index]);
      // The server may have hung up on the connection before it saw this request.
      if (answers[index].status === 0) answers[index] = await (connection = new Connection(port)).send(requests[index]);
      if (connection.ended) connection = new Connection(port);
    }
    connection.end();
  };
  await Promise.all(Array.from({ length: Math.min(CONNECTIONS, requests.length) }, worker));
  return answers;
}

/**
 * The head of a request.
 *
 * @param {string} method
 * @param {string} target as the client writes it; what is past ASCII goes out as UTF-8
 * @param {[string, string][]} headers
 */
export function head(method, target, headers) {
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: gate.localhost\r\n${fields}\r\n`);
}

class Connection {
  ended = false;
  #received = Buffer.alloc(0);
  /** @type {undefined | ((answer: Answered) => void)} */
  #done;

  /** @param {number} port */
  constructor(port) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.setTimeout(LIMIT_MS, () => this.socket.destroy());
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#look(false);
    });
    // What was said before a server hung up counts.
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.ended = true;
      this.#look(true);
    });
  }

  /** @param {Buffer} request @returns {Promise<Answered>} */
  send(request) {
    return new Promise((resolve) => {
      this.#done = resolve;
      if (this.ended) this.#look(true);
      else this.socket.write(request);
    });
  }

  end() {
    this.ended = true;
    this.socket.destroy();
  }

  /** @param {boolean} isLast */
  #look(isLast) {
    const length = answerLength(this.#received, isLast);
    if (!this.#done || (length === undefined && !isLast)) return;
    const text = this.#received.toString('latin1', 0, length ?? this.#received.length);
    const headText = text.split('\r\n\r\n', 1)[0];
    this.#received = this.#received.subarray(length ?? this.#received.length);
    if (/^connection: close/im.test(headText) || length === undefined) this.end();
    const done = this.#done;
    this.#done = undefined;
    done({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), head: headText });
  }
}

/**
 * How many bytes the answer at the beginning of `bytes` has; nothing where it is not whole yet.
 *
 * @param {Buffer} bytes
 * @param {boolean} isLast whether nothing more comes
 */
function answerLength(bytes, isLast) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const fields = bytes.toString('latin1', 0, end);
  const body = end + 4;
  if (/^HTTP\/1\.1 (?:1\d\d|204|304)/.test(fields)) return body;
  const length = /^content-length: *(\d+)/im.exec(fields)?.[1];
  if (length) return bytes.length >= body + Number(length) ? body + Number(length) : undefined;
  if (!/^transfer-encoding: *chunked/im.test(fields)) return isLast ? bytes.length : undefined;
  const last = bytes.indexOf('\r\n0\r\n\r\n', body - 2);
  return last < 0 ? undefined : last + 7;
}
