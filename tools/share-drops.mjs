// One function for what the compiler writes out at each place: dropping what may not be there. For an `Option<String>` that is a look at the
// word that says whether there is one, and then the call; there are a hundred of them in a module, and each is 17 bytes more than a call.
//
// The compiler has a function for it, too short for it not to be inlined at any threshold that is good for the rest.

/** From how many places on a function of its own is shorter. */
const SHARED_BY = 4;

const NAME = String.raw`\$(?:"[^"]*"|[^\s()]+)`;
const LOCAL = String.raw`\(local\.get (\$\w+)\)`;
const WORD = String.raw`\(i32\.load(?: offset=(\d+))?\s+${LOCAL}\s+\)`;
const ADDRESS = String.raw`(?:\(i32\.add\s+${LOCAL}\s+\(i32\.const (\d+)\)\s+\)|${LOCAL})`;
/** A block that is left where a word says that there is nothing, and in it a call with the word's address. */
const DROP = new RegExp(
  String.raw`\(block (\$\w+)\s+\(br_if \1\s+(?:\(i32\.eqz\s+${WORD}\s+\)|\(i32\.eq\s+${WORD}\s+\(i32\.const (-?\d+)\)\s+\))\s+\)\s+\(call (${NAME})\s+${ADDRESS}\s+\)\s+\)`,
  'g',
);

/**
 * Makes calls of what is dropped on a condition.
 *
 * @param {string} text a module, as binaryen writes it
 */
export function shareDrops(text) {
  /** How often a function is called, and with which word for nothing. @type {Map<string, number>} */
  const counts = new Map();
  eachDrop(text, (whole, { nothing, dropped }) => {
    const kind = `${nothing} ${dropped}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return whole;
  });
  const shared = [...counts].filter(([, count]) => count >= SHARED_BY).map(([kind]) => kind);
  const calling = eachDrop(text, (whole, { nothing, dropped, local, offset }) => {
    const number = shared.indexOf(`${nothing} ${dropped}`);
    return number < 0 ? whole : `(call $drop_${number} (i32.add (local.get ${local}) (i32.const ${offset})))`;
  });
  const functions = shared.map((kind, number) => {
    const [nothing, ...dropped] = kind.split(' ');
    return `(func $drop_${number} (param $0 i32)
      (if (i32.ne (i32.load (local.get $0)) (i32.const ${nothing})) (then (call ${dropped.join(' ')} (local.get $0)))))\n`;
  });
  return calling.replace(/\)\s*$/, `${functions.join('')})\n`);
}

/**
 * @param {string} text
 * @param {(whole: string, drop: { nothing: string, dropped: string, local: string, offset: string }) => string} replace
 */
function eachDrop(text, replace) {
  return text.replaceAll(DROP, (whole, _block, offsetOfZero, localOfZero, offsetOfOther, localOfOther, nothing = '0', dropped, added, offset = '0', bare) => {
    const [wordOffset = '0', local] = localOfZero === undefined ? [offsetOfOther, localOfOther] : [offsetOfZero, localOfZero];
    const isOneAddress = wordOffset === offset && local === (added ?? bare);
    return isOneAddress ? replace(whole, { nothing, dropped, local, offset }) : whole;
  });
}
