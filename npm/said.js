// A forwarding with nothing rare about it, as the core says it: in fields (`src/host/js/decision.rs`), or by parts that are known
// (`src/host/js/parts.rs`).

import { core } from './gate-core.js';

/** @typedef {import('./instance.js').Instance} Instance */

/** The first character of a decision in fields. */
const IN_FIELDS = '+';
/** Stands for the auth object of nobody. */
export const NOBODY = '';

const IS_PRIVATE = 1;
const IS_AZP_MISSING = 2;
// In fields alone.
const IS_NOBODY = 4;
const HAS_ORIGIN = 8;
// By parts alone.
const IS_ALLOWED = 4;

/** Where the numbers begin, and characters of each. */
const NUMBERS_AT = 2;
const NUMBER_CHARS = 2;
/** Numbers that are always there: of rule and token, the set of headers, and lengths of what every decision has. */
const NUMBERS = 10;

// The places of headers that follow from the request; all others follow from who asks.
const ID = 1;
const HOST = 2;
const PROTO = 3;

// A decision by parts, in bits; the rule is first.
const RULE_MASK = 0x7f;
const ORIGIN_AT = 7;
const ORIGIN_MASK = 0xff;
const TOKEN_AT = 15;
const TOKEN_MASK = 0x3ff;
const FLAGS_AT = 25;

/** The names of the headers that a decision may set, in order. @type {string[]} */
let names = [];

/**
 * What a decision says, its auth object as JSON; `undefined` where it is said in another way.
 *
 * @param {import('./loop.js').Checked} checked
 * @param {string} url the request's
 * @param {string} id its name
 */
export function plainForwarding({ text, parts, by }, url, id) {
  if (text[0] === IN_FIELDS) return fromFields(text, by);
  return text === '' && by !== undefined ? fromParts(by, /** @type {number} */ (parts), url, id) : undefined;
}

/** @param {string} text @param {Instance | undefined} by the instance that knows the parts by their numbers, if they have any */
function fromFields(text, by) {
  if (names.length === 0) names = core.ask(({ core, text }) => (core.identity_names(), text())).split(',');
  const flags = text.charCodeAt(1);
  const fields = new Fields(text);
  const reason = fields.next();
  const message = fields.next();
  const access = fields.next() || null;
  const rule = fields.next() || null;
  const token = fields.next() || null;
  const target = fields.next();
  const origin = fields.next();
  /** @type {Record<string, string>} */
  const headers = {};
  for (let place = 0, left = fields.set; left !== 0; place += 1, left >>= 1) if ((left & 1) !== 0) headers[names[place]] = fields.next();
  const isPrivate = (flags & IS_PRIVATE) !== 0;
  const isAzpMissing = (flags & IS_AZP_MISSING) !== 0;
  const auth = (flags & IS_NOBODY) === 0 ? fields.rest() : NOBODY;
  const said = { reason, message, access, rule, token, isPrivate, isAzpMissing, target, url: origin + target, headers, auth };
  if (by !== undefined && (fields.rule | fields.token) !== 0) learn(by, fields, said, (flags & HAS_ORIGIN) === 0 ? undefined : origin);
  return said;
}

/** The fields of a decision, one after the other: their lengths stand before all of them. */
class Fields {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.number = NUMBERS_AT;
    /** The numbers under which its parts may be kept, 0 for none. */
    this.rule = this.length();
    this.token = this.length();
    /** Which headers are set. */
    this.set = this.length();
    this.at = NUMBERS_AT + NUMBERS * NUMBER_CHARS;
    for (let left = this.set; left !== 0; left &= left - 1) this.at += NUMBER_CHARS;
  }

  length() {
    const { text, number } = this;
    this.number += NUMBER_CHARS;
    return (text.charCodeAt(number) << 7) | text.charCodeAt(number + 1);
  }

  next() {
    const from = this.at;
    this.at += this.length();
    return this.text.slice(from, this.at);
  }

  rest() {
    return this.text.slice(this.at);
  }
}

/** @typedef {ReturnType<typeof fromFields>} Said */

/** What an instance takes for known, by its numbers for it. */
export class Parts {
  /** @type {RulePart[]} */
  rules = [];
  /** @type {TokenPart[]} */
  tokens = [];
}

/**
 * What is so of a rule, whoever asks for what.
 *
 * @typedef {object} RulePart
 * @property {string | null} access
 * @property {string | null} rule
 * @property {string | undefined} origin the app's, where the settings have one
 */

/**
 * What is so of who asks, whatever for: a token's user, or nobody.
 *
 * @typedef {object} TokenPart
 * @property {string | null} token
 * @property {string} auth
 * @property {Record<string, string>} headers all names, with values where they follow from it
 */

/**
 * Keeps the parts of a decision under the numbers that came with it, and then says so.
 *
 * @param {Instance} by
 * @param {{ rule: number, token: number }} numbers
 * @param {Said} said
 * @param {string | undefined} origin
 */
function learn(by, numbers, { access, rule, token, auth, headers }, origin) {
  const parts = (by.known.parts ??= new Parts());
  if (numbers.rule !== 0) parts.rules[numbers.rule] = { access, rule, origin };
  if (numbers.token !== 0) parts.tokens[numbers.token] = { token, auth, headers: { ...headers } };
  core.ask(({ core }) => core.know_parts(numbers.rule, numbers.token), by);
}

/** @param {Instance} by @param {number} parts @param {string} url @param {string} id */
function fromParts(by, parts, url, id) {
  const known = by.known.parts;
  const rule = known?.rules[parts & RULE_MASK];
  const who = known?.tokens[(parts >>> TOKEN_AT) & TOKEN_MASK];
  // What this instance says cannot be understood: it is given up.
  if (rule === undefined || who === undefined) throw core.ask(unknownPart, by);
  const originChars = (parts >>> ORIGIN_AT) & ORIGIN_MASK;
  const flags = parts >>> FLAGS_AT;
  const target = url.slice(originChars);
  const scheme = url.slice(0, url.indexOf(':'));
  const headers = { ...who.headers };
  headers[names[ID]] = id;
  headers[names[HOST]] = url.slice(scheme.length + AFTER_SCHEME.length, originChars);
  headers[names[PROTO]] = scheme;
  return {
    reason: (flags & IS_ALLOWED) === 0 ? 'public' : 'allowed',
    message: '',
    access: rule.access,
    rule: rule.rule,
    token: who.token,
    isPrivate: (flags & IS_PRIVATE) !== 0,
    isAzpMissing: (flags & IS_AZP_MISSING) !== 0,
    target,
    url: rule.origin === undefined ? url : rule.origin + target,
    headers,
    auth: who.auth,
  };
}

const AFTER_SCHEME = '://';

/** @returns {never} */
function unknownPart() {
  throw new Error('the core takes a part of a decision for known that is not');
}
