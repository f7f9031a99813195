// One Wasm module and the loop around it: it hands in a request or a token, does what the core needs, and hands the answers back.
// Nothing is decided here.
//
// The first call compiles the module. All calls into it are synchronous and guarded: whatever they throw, the instance is
// replaced, every check that it had not finished rejects, and the next one finds a fresh instance.

import { PortcullisError } from './errors.js';
import { RSA, SCHEME, callBackend, parametersOf } from './io.js';

/** Checkers that are kept, by their options. A program has one or two. */
const KEPT_CHECKERS = 16;
/** Imported keys that are kept; a key set holds one or two. */
const KEPT_KEYS = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What the lowest bits of a step say. */
const DONE = 1;
const SIGNATURE = 2;
const BACKEND = 3;
const SIGNING = 5;

/** The outcome of what could not be had. */
const FAILED = -1;

/** @typedef {(handle: number, bytes: number, now: number, headers?: any) => number} Begin with headers, where it is about a request */
/** @typedef {{ make: (bytes: number) => number, free: (handle: number) => void, begin: Begin }} Door what is made from options, and how it is asked */

/** @typedef {{ ok: boolean, text: string }} Checked */

/**
 * @typedef {object} Step
 * @property {number} kind
 * @property {number} run
 * @property {string} text
 */

/** @typedef {{ outcome: number, data?: string | Uint8Array }} Satisfied what came of a step, as `resume` takes it */

/** @typedef {{ get(name: string): string | null } & Iterable<[string, string]>} HeaderGetter */

/** Characters of one value that are handed in. The core's own limits are lower; this keeps Wasm memory from growing for nothing. */
const VALUE_CHARS = 128 * 1024 + 1;
const ABSENT = -1;
/** Texts up to here are written one by one, if they are ASCII: to call the encoder takes longer. */
const SHORT_CHARS = 200;
const LAST_ASCII = 0x7f;

/**
 * @template {typeof import('./dist/common.js') & typeof import('./dist/runs.js')} Wasm
 * @param {Wasm} wasm the bindings of a module
 * @param {Record<string, Door>} kinds its doors
 */
export function loopAround(wasm, kinds) {
  /** Counts the instances: what belongs to an earlier one must not touch this one. */
  let generation = 0;
  /** True while there is no instance that may be trusted; at first there is none. */
  let broken = true;
  /** Whether the module was compiled. */
  let isLoaded = false;
  /** Gives the module. @type {() => BufferSource | WebAssembly.Module} */
  let source = () => {
    throw notLoaded();
  };
  /** Fetches it, where it cannot be had at once. @type {(() => Promise<BufferSource | WebAssembly.Module>) | undefined} */
  let fetchSource;
  /** @type {Promise<void> | undefined} */
  let loading;
  /** The instance's memory, by bytes and by words. @type {Uint8Array<ArrayBuffer> | undefined} */
  let memory;
  /** @type {Uint32Array} */
  let words;
  /** @type {Map<number, CryptoKey>} */
  let importedKeys = new Map();
  /** The gate's own keys, by their id. @type {Map<string, CryptoKey>} */
  const signingKeys = new Map();
  /** @type {Record<string, Map<string, number>>} */
  let checkers = noCheckers();

  /**
   * Runs one check to its end; at once, where it needs nothing of the host.
   *
   * @param {string} kind
   * @param {string} options as JSON
   * @param {string} subject the request, as `describeRequest` has it, or the token
   * @param {HeaderGetter} [headers] the request's
   * @returns {Checked | Promise<Checked>}
   */
  function check(kind, options, subject, headers) {
    if (fetchSource !== undefined) return ready().then(() => check(kind, options, subject, headers));
    if (broken) replaceInstance();
    const step = guarded(generation, () => {
      const checker = checkerFor(kind, options);
      return taken(kinds[kind].begin(checker, write(subject), Date.now(), headers && new HeaderReader(headers)));
    });
    return step.run === 0 ? { ok: step.kind === DONE, text: step.text } : finish(generation, step);
  }

  /**
   * Does what a run needs, until it needs no more.
   *
   * @param {number} mine
   * @param {Step} step
   * @returns {Promise<Checked>}
   */
  async function finish(mine, step) {
    try {
      while (step.kind > DONE) {
        const { run, kind } = step;
        /** @type {Satisfied} */
        let satisfied;
        try {
          // What nearly every new token needs, and the only thing it needs.
          satisfied = kind === SIGNATURE ? { outcome: (await verifySignature(mine, run)) ? 1 : 0 } : await satisfy(step);
        } catch (error) {
          satisfied = { outcome: FAILED, data: describe(error) };
        }
        const { outcome, data } = satisfied;
        step = guarded(mine, () => taken(wasm.resume(run, kind, outcome, writeAny(data), Date.now())));
      }
      return { ok: step.kind === DONE, text: step.text };
    } finally {
      // A wait that ended in an exception: whoever waits for what this run was fetching goes on.
      const { run } = step;
      if (run !== 0 && mine === generation && !broken) guarded(mine, () => wasm.give_up(run));
    }
  }

  /** The headers that the core may ask for, by its numbers. @type {string[] | undefined} */
  let headerNames;

  /** A request's headers, read as the core asks for them: on most ways it wants three or four. */
  class HeaderReader {
    /** @param {HeaderGetter} headers */
    constructor(headers) {
      if (headerNames === undefined) {
        wasm.header_names();
        headerNames = text().split(',');
      }
      this.headers = headers;
    }

    /** @param {number} index */
    read(index) {
      const value = this.headers.get(/** @type {string[]} */ (headerNames)[index]);
      return value === null || value === undefined ? ABSENT : write(line(value));
    }

    readNamed() {
      const value = this.headers.get(text());
      return value === null || value === undefined ? ABSENT : write(line(value));
    }

    readAll() {
      let text = '';
      for (const [name, value] of this.headers) text += `${name}:${line(value)}\n`;
      return write(text);
    }
  }

  /**
   * The step that a call returned, with the text that belongs to it.
   *
   * @param {number} code
   * @returns {Step}
   */
  function taken(code) {
    const kind = code & 7;
    return { kind, run: code >>> 3, text: kind === SIGNATURE ? '' : text() };
  }

  /**
   * Does what a step needs that is no signature check.
   *
   * @param {Step} step
   * @returns {Promise<Satisfied>}
   */
  async function satisfy({ kind, text }) {
    switch (kind) {
      case BACKEND: {
        const { status, body } = await callBackend(JSON.parse(text));
        return { outcome: status, data: body };
      }
      case SIGNING: {
        const [id, jwk, input] = JSON.parse(text);
        return { outcome: 0, data: await sign(id, jwk, input) };
      }
      default:
        await new Promise((resolve) => setTimeout(resolve, Number(text)));
        return { outcome: 0 };
    }
  }

  /**
   * Checks the signature of the step that was just taken.
   *
   * @param {number} mine
   * @param {number} run
   * @returns {Promise<boolean>}
   */
  function verifySignature(mine, run) {
    const { name, algorithm, signature, data } = guarded(mine, signatureOfStep);
    const parameters = algorithm < SCHEME ? RSA : parametersOf(algorithm);
    const key = importedKeys.get(name);
    if (key !== undefined) return crypto.subtle.verify(parameters, key, signature, data);
    return importKey(mine, run, name, algorithm).then((imported) => crypto.subtle.verify(parameters, imported, signature, data));
  }

  /**
   * What the core says about it. The bytes are copies, both in one buffer: workerd takes several times as long over a view of Wasm
   * memory, and a second buffer costs as much as the rest of this.
   */
  function signatureOfStep() {
    const bytes = view();
    const at = wasm.signature_place() >>> 2;
    const algorithm = words[at + 1];
    const signatureAt = words[at + 2];
    const signatureBytes = words[at + 3];
    const dataAt = words[at + 4];
    const dataBytes = words[at + 5];
    const copy = new Uint8Array(signatureBytes + dataBytes);
    copy.set(bytes.subarray(signatureAt, signatureAt + signatureBytes));
    copy.set(bytes.subarray(dataAt, dataAt + dataBytes), signatureBytes);
    return { name: words[at] * SCHEME * 8 + algorithm, algorithm, signature: copy.subarray(0, signatureBytes), data: copy.subarray(signatureBytes) };
  }

  /**
   * @param {number} mine
   * @param {number} run
   * @param {number} name
   * @param {number} algorithm
   */
  async function importKey(mine, run, name, algorithm) {
    const kept = importedKeys;
    const jwk = JSON.parse(guarded(mine, () => {
      wasm.signature_key(run);
      return text();
    }));
    const key = await crypto.subtle.importKey('jwk', jwk, parametersOf(algorithm), false, ['verify']);
    if (kept.size >= KEPT_KEYS) kept.clear();
    kept.set(name, key);
    return key;
  }

  /**
   * Signs with ES256.
   *
   * @param {string} id of the key
   * @param {JsonWebKey} jwk
   * @param {string} input
   */
  async function sign(id, jwk, input) {
    let key = signingKeys.get(id);
    if (key === undefined) {
      key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
      if (signingKeys.size >= KEPT_KEYS) signingKeys.clear();
      signingKeys.set(id, key);
    }
    return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, encoder.encode(input)));
  }

  /**
   * `has()` of an auth object.
   *
   * @param {object} facts
   * @param {unknown} asked
   */
  function meets(facts, asked) {
    return ask((core) => core.has(write(`${JSON.stringify(facts)}\n${JSON.stringify(asked) ?? 'null'}`)));
  }

  /**
   * @param {string} kind
   * @param {string} options
   */
  function checkerFor(kind, options) {
    const kept = checkers[kind];
    const known = kept.get(options);
    if (known !== undefined) return known;
    const { make, free } = kinds[kind];
    const made = make(write(options));
    if (made === 0) throw refusal(kind, text());
    if (kept.size >= KEPT_CHECKERS) {
      const [oldest, handle] = /** @type {[string, number]} */ (kept.entries().next().value);
      kept.delete(oldest);
      free(handle);
    }
    kept.set(options, made);
    return made;
  }

  /**
   * Makes what a kind of check needs, before the first one is made.
   *
   * @param {string} kind
   * @param {string} options
   */
  function prepare(kind, options) {
    if (broken) replaceInstance();
    guarded(generation, () => checkerFor(kind, options));
  }

  /**
   * One synchronous question to what is made of options.
   *
   * @param {string} kind
   * @param {string} options
   * @param {string} subject
   */
  function checkNow(kind, options, subject) {
    if (broken) replaceInstance();
    return guarded(generation, () => taken(kinds[kind].begin(checkerFor(kind, options), write(subject), Date.now())));
  }

  /**
   * Asks the core something that needs nothing of the host.
   *
   * @template T
   * @param {(core: Wasm, write: (subject: string | Uint8Array) => number, text: () => string) => T} call with what writes into the buffer, and
   *   what reads what a call has to say
   * @param {number} [mine] the instance that has to be asked, where the question is about something of its own
   * @returns {T}
   */
  function ask(call, mine) {
    if (broken) replaceInstance();
    return guarded(mine ?? generation, () => call(wasm, writeAny, text));
  }

  /** The instance that is asked now. */
  function instance() {
    if (broken) replaceInstance();
    return generation;
  }

  /**
   * Calls into Wasm. What is thrown there leaves an instance that may be in any state: it is replaced.
   *
   * @template T
   * @param {number} mine
   * @param {() => T} call
   * @returns {T}
   */
  function guarded(mine, call) {
    if (mine !== generation) {
      throw new PortcullisError('internal-error', 'internal-error', 'the check was lost with its Wasm instance; nothing was decided');
    }
    try {
      return call();
    } catch (error) {
      if (error instanceof PortcullisError) throw error;
      replaceInstance();
      throw new PortcullisError('internal-error', 'internal-error', 'the Wasm instance failed; nothing was decided', { cause: error });
    }
  }

  /** Compiles the module. */
  function load() {
    wasm.initSync({ module: source() });
    isLoaded = true;
  }

  /**
   * Says where the module is. Nothing is read before it is needed.
   *
   * @param {() => BufferSource | WebAssembly.Module} now
   */
  function use(now) {
    source = now;
  }

  /**
   * Says how the module is fetched, on hosts that cannot read a file.
   *
   * @param {() => Promise<BufferSource | WebAssembly.Module>} later
   */
  function useLater(later) {
    fetchSource = later;
  }

  /** Resolves when the module can be called. @returns {Promise<void>} */
  async function ready() {
    if (fetchSource === undefined) return;
    loading ??= fetchSource().then((module) => {
      use(() => module);
      fetchSource = undefined;
    });
    try {
      await loading;
    } catch (cause) {
      loading = undefined;
      throw new PortcullisError('internal-error', 'internal-error', 'the Wasm module could not be fetched; nothing was decided', { cause });
    }
  }

  function noCheckers() {
    return Object.fromEntries(Object.keys(kinds).map((kind) => [kind, new Map()]));
  }

  /** Puts a fresh instance in place; where that fails, the next call tries again. */
  function replaceInstance() {
    broken = true;
    generation += 1;
    memory = undefined;
    importedKeys = new Map();
    checkers = noCheckers();
    try {
      if (isLoaded) wasm.__wbg_reset_state();
      else load();
    } catch (cause) {
      if (cause instanceof PortcullisError) throw cause;
      throw new PortcullisError('internal-error', 'internal-error', 'no fresh Wasm instance could be made; nothing was decided', { cause });
    }
    broken = false;
  }

  function view() {
    // Memory that has grown is another buffer.
    if (memory === undefined || memory.length === 0) {
      memory = new Uint8Array(/** @type {ArrayBuffer} */ (wasm.wasm_memory().buffer));
      words = new Uint32Array(memory.buffer);
    }
    return memory;
  }

  /** What the last call has to say. */
  function text() {
    const at = wasm.text_place() >>> 2;
    const bytes = view();
    return decoder.decode(bytes.subarray(words[at], words[at] + words[at + 1]));
  }

  /**
   * Writes a text into the core's buffer; returns its length in bytes.
   *
   * @param {string} subject
   */
  function write(subject) {
    const { length } = subject;
    const room = length * 3;
    const at = wasm.scratch(room);
    const bytes = view();
    if (length <= SHORT_CHARS) {
      let done = 0;
      for (; done < length; done += 1) {
        const char = subject.charCodeAt(done);
        if (char > LAST_ASCII) break;
        bytes[at + done] = char;
      }
      if (done === length) return length;
    }
    return encoder.encodeInto(subject, bytes.subarray(at, at + room)).written;
  }

  /** @param {string | Uint8Array} [data] */
  function writeAny(data) {
    if (data === undefined) return 0;
    return typeof data === 'string' ? write(data) : writeBytes(data);
  }

  /** @param {Uint8Array} bytes */
  function writeBytes(bytes) {
    const at = wasm.scratch(bytes.length);
    view().set(bytes, at);
    return bytes.length;
  }

  return { use, useLater, ready, check, checkNow, prepare, ask, instance, meets };
}

/** @param {string} value */
function short(value) {
  return value.length > VALUE_CHARS ? value.slice(0, VALUE_CHARS) : value;
}

/** A value for one line. No real one holds a line end; the core refuses a URL with a carriage return. @param {string} value */
export function line(value) {
  const text = short(value);
  return text.includes('\n') ? text.replaceAll('\n', '\r') : text;
}

/**
 * What is wrong with options or a configuration.
 *
 * @param {string} kind
 * @param {string} text a message; for a gate a list of them
 */
function refusal(kind, text) {
  if (kind !== 'gate' && kind !== 'explanation') return new PortcullisError('invalid-options', 'invalid-options', text);
  const errors = /** @type {{ setting: string, message: string }[]} */ (JSON.parse(text));
  const message = `${errors.length === 1 ? 'the configuration has a mistake' : `the configuration has ${errors.length} mistakes`}:`;
  const error = new PortcullisError('invalid-options', 'invalid-options', [message, ...errors.map((one) => one.message)].join('\n'));
  error.errors = errors;
  return error;
}

function notLoaded() {
  return new PortcullisError('internal-error', 'not-loaded', 'the Wasm module is not loaded yet; await an asynchronous function of the package first');
}

/** @param {unknown} error */
function describe(error) {
  return error instanceof Error ? error.message : String(error);
}
