// Texts on their way into a Wasm module and out of it, as UTF-8: through two buffers in its memory, as `src/host/js/mod.rs` has them.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Characters of one value that are handed in. The core's own limits are lower; this keeps Wasm memory from growing for nothing. */
const VALUE_CHARS = 128 * 1024 + 1;
/** Texts up to here are written one by one, if they are ASCII: to call the encoder takes longer. */
const SHORT_CHARS = 200;
/** Bytes that the encoder is given to write to, where a text needs no more. */
const TARGET_BYTES = 8192;
const LAST_ASCII = 0x7f;
const LINE_END = 0x0a;

/** @typedef {ReturnType<typeof textsOf>} Texts */

/** @param {typeof import('./dist/common.js')} core what an instance exports */
export function textsOf(core) {
  /** The instance's memory, by bytes and by words. @type {Uint8Array<ArrayBuffer> | undefined} */
  let memory;
  /** @type {Uint32Array} */
  let inWords;
  /** Where the encoder wrote last: nearly always it writes there again. @type {Uint8Array<ArrayBuffer> | undefined} */
  let target;

  function bytes() {
    // Memory that has grown is another buffer.
    if (memory === undefined || memory.length === 0) {
      memory = new Uint8Array(/** @type {ArrayBuffer} */ (core.memory.buffer));
      inWords = new Uint32Array(memory.buffer);
    }
    return memory;
  }

  function words() {
    bytes();
    return inWords;
  }

  /** What the last call has to say. */
  function text() {
    const at = core.text_place() >>> 2;
    const said = words();
    return decoder.decode(bytes().subarray(said[at], said[at] + said[at + 1]));
  }

  /**
   * Writes a text into the core's buffer; returns its length in bytes.
   *
   * @param {string} subject
   */
  function write(subject) {
    const { length } = subject;
    const room = length * 3;
    const at = core.scratch(room);
    const memory = bytes();
    if (length <= SHORT_CHARS) {
      let done = 0;
      for (; done < length; done += 1) {
        const char = subject.charCodeAt(done);
        if (char > LAST_ASCII) break;
        memory[at + done] = char;
      }
      if (done === length) return length;
    }
    if (target === undefined || target.byteOffset !== at || target.length < room) target = memory.subarray(at, at + Math.max(room, TARGET_BYTES));
    return encoder.encodeInto(subject, target).written;
  }

  /**
   * Writes texts into it, a line each: to put short ones together first takes longer than to write them.
   *
   * @param {readonly string[]} lines
   */
  function writeLines(lines) {
    let length = lines.length - 1;
    for (const { length: more } of lines) length += more;
    if (length > SHORT_CHARS) return write(lines.join('\n'));
    let end = core.scratch(length);
    const memory = bytes();
    for (let n = 0; n < lines.length; n += 1) {
      if (n > 0) memory[end++] = LINE_END;
      const text = lines[n];
      for (let char = 0; char < text.length; char += 1) {
        const code = text.charCodeAt(char);
        if (code > LAST_ASCII) return write(lines.join('\n'));
        memory[end++] = code;
      }
    }
    return length;
  }

  /** @param {string | Uint8Array} [data] */
  function writeAny(data) {
    if (data === undefined) return 0;
    return typeof data === 'string' ? write(data) : writeBytes(data);
  }

  /** @param {Uint8Array} data */
  function writeBytes(data) {
    const at = core.scratch(data.length);
    bytes().set(data, at);
    return data.length;
  }

  return { text, write, writeLines, writeAny, bytes, words };
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
