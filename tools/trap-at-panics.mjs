// Takes out of a Wasm module what a panic would say: its message, and the place in the source. In the package nobody reads it; a panic
// ends in a trap in any case, and the loop around the module denies and takes a fresh instance.
//
// The Worker keeps its panics: their hook tells the shim at once, before anything else can run in the broken instance.

import { readFile, writeFile } from 'node:fs/promises';

import { ToolError } from './run.mjs';
import { shareDrops } from './share-drops.mjs';

/** What the standard library does on the way from a panic to a trap. */
const PANICS =
  /^(?!portcullis).*::(panicking::(panic\w*(::.*)?)|panic_handler::\w+|rust_begin_unwind|unwrap_failed|expect_failed|\w+_fail|panic_already_\w+|panic_access_error|capacity_overflow|handle_error|handle_alloc_error|rust_oom|default_alloc_error_hook)$/;
/** What only the message of a panic is made with: `Debug`, and what a panic carries. */
const MESSAGES = /::fmt::Debug>::fmt\b|::fmt::builders::|panicking::|PanicPayload>|::any::Any>::type_id|cell::Borrow(Mut)?Error as/;
/** What writes any message, be it a panic's or not. */
const FORMATTING = /\bcore\b[^ ]*::fmt::/;

/**
 * How far memory that is read or written is aligned, where that is less than usual. It is a hint that engines ignore, and to say it each
 * time is 0.4 KB of a gzipped module.
 *
 * Source: WebAssembly Core Specification, section 2.4.7.
 */
const UNALIGNED = /(\.(?:load|store)\w*(?: offset=\d+)?) align=\d+/g;

/** What the standard library's panics say, as far as it stands in modules of ours. */
const TEXTS = [
  'slice index starts at ', ' but ends at ', 'index out of bounds: the len is ', ' but the index is ', 'range start index ',
  '" out of range for slice of length ', 'range end index ', 'cannot access a Thread Local Storage value during or after destruction: ',
  'internal error: entered unreachable code: ', 'assertion failed: self.is_char_boundary(new_len)',
  'to_digit: invalid radix -- radix must be in the range 2 to 36 inclusive', 'Attempted to initialize thread-local while it is being dropped',
  'reentrant init', 'called `Result::unwrap()` on an `Err` value', 'assertion failed: i < self.len()', 'assertion failed: j < self.len()',
  'Vec is sized conservatively', 'Tried to shrink to a larger capacity', 'AccessError', 'Hash table capacity overflow', 'capacity overflow',
  'LayoutError', 'attempt to divide by zero', 'attempt to calculate the remainder with a divisor of zero', '`async fn` resumed after completion', 'RefCell already mutably borrowed', 'RefCell already borrowed',
  'removal index (is ', ') should be < len (is ', 'no such number', 'the run needs no signature',
  // Numbers in decimal, as its formatting has them.
  Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0')).join(''),
];

/**
 * Makes a panic a trap at once. It ends in one in any case, and putting its message together is 1 to 3 KB.
 *
 * @param {string} path
 * @param {{ sharesDrops: boolean }} options `sharesDrops`: as `share-drops.mjs` has it, since the module is text here
 */
export async function trapAtPanics(path, { sharesDrops }) {
  const { default: binaryen } = await import('binaryen');
  const module = binaryen.readBinary(new Uint8Array(await readFile(path)));
  /** @param {RegExp} names */
  const trapIn = (names) => {
    for (let index = 0; index < module.getNumFunctions(); index += 1) {
      const one = module.getFunctionByIndex(index);
      if (names.test(binaryen.getFunctionInfo(one).name)) /** @type {any} */ (binaryen).Function.setBody(one, module.unreachable());
    }
  };
  trapIn(PANICS);
  trapIn(MESSAGES);
  if (!formats(module.emitText())) trapIn(FORMATTING);
  // The trap in the place of the call, so that nothing is made ready for it, and no message is named any more.
  binaryen.setAlwaysInlineMaxSize(1);
  binaryen.setFlexibleInlineMaxSize(0);
  binaryen.setOneCallerInlineMaxSize(0);
  module.runPasses(['inlining', 'dce', 'vacuum', 'simplify-locals-notee-nostructure', 'vacuum']);
  const text = sharesDrops ? shareDrops(module.emitText()) : module.emitText();
  module.dispose();
  const plain = binaryen.parseText(text.replaceAll(UNALIGNED, '$1'));
  const wasm = plain.emitBinary();
  plain.dispose();
  blankPlaces(wasm);
  blankMessages(wasm, text);
  await writeFile(path, wasm);
}

/**
 * Whether anything but the standard library itself, which does it for panics, has a message written.
 *
 * @param {string} text a module as text, with names
 */
function formats(text) {
  const isOwn = /^\$"?<?(core|alloc|std|hashbrown)\[|^\$"<&?\w+ as core\[/;
  return text.split('\n (func ').slice(1).some((one) => !isOwn.test(one) && one.split('\n').some((line) => /\bcall \$/.test(line) && FORMATTING.test(line)));
}

/**
 * Blanks the places in the source that panics name: nobody reads them any more, and they are 1 KB gzipped. Such a place is four words, the
 * address and the length of a file's name, line and column.
 *
 * @param {Uint8Array} wasm
 */
function blankPlaces(wasm) {
  const bytes = Buffer.from(wasm.buffer, wasm.byteOffset, wasm.byteLength);
  const segments = dataSegments(bytes);
  /** @param {number} address */
  const find = (address) => segments.find(({ start, length }) => start <= address && address < start + length);
  /** @type {[number, number][]} */
  const names = [];
  for (const { start, length, at } of segments) {
    for (let offset = -start & 3; offset + 16 <= length; offset += 4) {
      const [address, nameBytes, line, column] = [0, 4, 8, 12].map((word) => bytes.readUInt32LE(at + offset + word));
      const home = find(address);
      if (home === undefined || nameBytes < 4 || line === 0 || column === 0 || line > 20_000 || column > 300) continue;
      const name = home.at + address - home.start;
      if (bytes.subarray(name, name + nameBytes).toString('latin1').search(/^[\w./-]+\.rs$/) < 0) continue;
      names.push([name, name + nameBytes]);
      bytes.fill(0, at + offset, at + offset + 16);
    }
  }
  for (const [from, to] of names) bytes.fill(0, from, to);
}

/**
 * Blanks what panics say, where no code names an address within it.
 *
 * @param {Uint8Array} wasm
 * @param {string} text the same as text
 */
function blankMessages(wasm, text) {
  const bytes = Buffer.from(wasm.buffer, wasm.byteOffset, wasm.byteLength);
  const named = [...text.matchAll(/\b(?:i32\.const |offset=)(\d+)/g)].map(([, number]) => Number(number)).sort((a, b) => a - b);
  for (const { start, length, at } of dataSegments(bytes)) {
    const data = bytes.subarray(at, at + length);
    for (const message of TEXTS) {
      for (let from = data.indexOf(message); from >= 0; from = data.indexOf(message, from + 1)) {
        const end = from + message.length;
        if (!named.some((address) => start + from <= address && address < start + end)) data.fill(0, from, end);
      }
    }
  }
}

/**
 * Where a module's data stand, in memory and in the file.
 *
 * Source: WebAssembly Core Specification, section 5.5.14.
 *
 * @param {Buffer} bytes
 */
function dataSegments(bytes) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const segments = [];
  while (at < bytes.length) {
    const id = bytes[at++];
    const length = number();
    const end = at + length;
    if (id === 11) {
      for (let count = number(); count > 0; count -= 1) {
        // Active, in the first memory, at an `i32.const`, which Rust's linker writes as a small positive number.
        if (bytes[at++] !== 0 || bytes[at++] !== 0x41) throw new ToolError('the data of the module do not stand where they did; see dataSegments in tools/build.mjs');
        const start = number();
        at += 1;
        const size = number();
        segments.push({ start, length: size, at });
        at += size;
      }
    }
    at = end;
  }
  return segments;
}
