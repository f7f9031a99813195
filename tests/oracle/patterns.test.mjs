// Patterns: the same pattern and path to path-to-regexp 6.3 and to us, compared field by field: error or not, match or not, parameters.
//
//   node --test tests/oracle/patterns.test.mjs              PATTERN_SEED=7 PATTERN_COUNT=100000 for more, or to see one run again
//
// Known differences, each with the rule that says exactly where it applies. Where a rule applies our answer has to be the other
// one, so a difference that is gone fails as one that is new does; and each has to occur.
//   line-terminators   `.` matches \n, \r, U+2028, U+2029 here. Expected is what the same RegExp says with the flag `s`.
//   reference          `\1`, `\01`: a reference to another parameter, or an octal escape. Refused.
//   letter-escape      `\p`, `\u{…}`, `\x` or `\c` without what belongs to it: the letter itself, in JavaScript. Refused.
//   named-group        `(?<name>…)` shifts the parameters after it. Refused.
//   modifiers          `(?i:…)` takes a flag for a part of an expression, in engines that know it (ECMAScript 2025). Refused.
//   torn-group         an expression that is none by itself: its class or group ends in another part of the pattern. Refused.
// Two differences in form are undone before comparing: a repeated parameter is one text here and a list there; half of a character
// above U+FFFF is U+FFFD here and a lone surrogate there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { pathToRegexp as clerkPathToRegexp } from "@clerk/shared/pathToRegexp";
import { parse, pathToRegexp } from "path-to-regexp";

const SEED = Number(process.env.PATTERN_SEED ?? 1);
const COUNT = Number(process.env.PATTERN_COUNT ?? 20_000);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

// ---------------------------------------------------------------------------------------------------------------- the two sides

/** Asks path-to-regexp, and says which known differences apply. */
function theirs({ pattern, path }) {
  let keys = [];
  let regexp;
  try {
    regexp = pathToRegexp(pattern, keys);
  } catch {
    return { error: true, match: false, params: null, differences: [] };
  }
  const differences = [...new Set(parse(pattern).flatMap((token) => (token.pattern ? unclear(token.pattern) : [])))];
  if (differences.length > 0) return { error: true, match: false, params: null, differences };
  const there = run(regexp, keys, path);
  const expected = run(new RegExp(regexp.source, "is"), keys, path);
  if (JSON.stringify(there) !== JSON.stringify(expected)) differences.push("line-terminators");
  return { error: false, ...expected, differences };
}

function run(regexp, keys, path) {
  const found = regexp.exec(path);
  if (!found) return { match: false, params: null };
  const params = {};
  keys.forEach((key, index) => {
    if (found[index + 1] !== undefined) params[key.name] = found[index + 1].toWellFormed();
  });
  return { match: true, params };
}

/** In others such an expression is an error on both sides. */
const KNOWS_MODIFIERS = takes("(?i:a)");

/** The reasons for which we refuse an expression that JavaScript takes. */
function unclear(expression) {
  const reasons = [];
  let inClass = false;
  for (let at = 0; at < expression.length; at += 1) {
    const rest = expression.slice(at);
    if (rest[0] === "\\") {
      const body = rest.slice(1);
      if (/^(?:[1-9]|0[0-9])/.test(body)) reasons.push("reference");
      else if (/^[a-zA-Z]/.test(body) && !/^(?:[dDwWsSbtnvfr]|c[a-zA-Z]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})/.test(body)) {
        if (inClass || body[0] !== "B") reasons.push("letter-escape");
      }
      at += 1;
    } else if (inClass) {
      inClass = rest[0] !== "]";
    } else if (rest[0] === "[") {
      inClass = true;
    } else if (/^\(\?<[^=!]/.test(rest)) {
      reasons.push("named-group");
    } else if (/^\(\?[a-z-]+:/.test(rest)) {
      reasons.push("modifiers");
    }
  }
  if (!takes(expression)) reasons.push("torn-group");
  return reasons;
}

function takes(expression) {
  try {
    new RegExp(expression, "i");
    return true;
  } catch {
    return false;
  }
}

/** Asks us, all at once. */
function ours(questions) {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join("");
  const { status, stdout, stderr } = spawnSync("cargo", ["run", "--quiet", "--example", "match_patterns"], {
    cwd: ROOT,
    input,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  assert.equal(status, 0, stderr);
  const answers = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(answers.length, questions.length);
  return answers;
}

/** Compares all answers; returns how often each difference occurred. A question with a `url` is about its canonical path. */
function compare(questions) {
  const answers = ours(questions);
  const counts = { pairs: 0, errors: 0, matches: 0 };
  const wrong = [];
  questions.forEach((question, index) => {
    if (question.url) question = { ...question, path: answers[index].path };
    // A URL that cannot be judged has no canonical path.
    if (question.path === null) return;
    counts.pairs += 1;
    const { differences, ...expected } = theirs(question);
    const { error, match, indexed, params } = answers[index];
    const found = { error: error !== null, match, params };
    if (!same(found, expected) || (!found.error && indexed !== match)) wrong.push({ ...question, expected, found, error, indexed });
    for (const name of differences) counts[name] = (counts[name] ?? 0) + 1;
    counts.errors += expected.error ? 1 : 0;
    counts.matches += expected.match ? 1 : 0;
  });
  assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} of ${questions.length} answers differ (seed ${SEED})`);
  return counts;
}

function same(left, right) {
  const sorted = (params) => params && Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    left.error === right.error &&
    left.match === right.match &&
    JSON.stringify(sorted(left.params)) === JSON.stringify(sorted(right.params))
  );
}

// ------------------------------------------------------------------------------------------------------------------- the questions

/** Patterns as they stand in Clerk's documentation and in people's repositories. */
const TYPICAL = [
  "", "/", "(.*)", "/(.*)", "/about", "/sign-in(.*)", "/sign-in/:path*", "/sign-up(.*)", "/dashboard(.*)", "/dashboard/:path*",
  "/admin(.*)", "/admin/(.*)", "/admin/:path+", "/api(.*)", "/api/(.*)", "/(api|trpc)(.*)", "/api/webhooks(.*)", "/api/webhooks/:provider",
  "/api/public/:path*", "/api/v:version(\\d+)/:path*", "/:locale/sign-in(.*)", "/:locale(en|fr|de)/dashboard(.*)", "/:locale?/admin(.*)",
  "/:locale([a-z]{2})?/:path*", "/((?!api|_next|sign-in).*)", "/((?!.*\\..*|_next).*)", "/((?!_next/static|favicon.ico).*)", "/(api|trpc)/:path*",
  "/orgs/:slug", "/orgs/:slug(.*)", "/orgs/:slug/(.*)", "/orgs/:slug/:path*", "/orgs/:id([0-9a-f-]{36})/members", "/org/:orgId?", "/me/:any*",
  "/personal-account/(.*)", "/users/:id", "/users/:id(\\d+)", "/users/:id/posts/:post", "/users/:id.json", "/files/:name.:ext", "/files/:name.:ext?",
  "/:from-:to", "/:a-:b-:c?", "/blog{/:year{4}}?", "/blog{/page/:n(\\d+)}?", "/blog{-:slug}*", "/:slug([^/]+)", "/:slug([^/]+?)", "/:path(.+)",
  "/posts/:id(\\d{1,4})/edit", "/hello/:name+", "/static/(css|js)/(.*)\\.(?:css|js)", "/caf\u00e9(.*)", "/\u540d\u524d/:x", "/emoji/\u{1f600}/:x", "/a b/:c",
  "/docs\\:x", "/q\\?x", "/w\\*", "/:0/:1", "/:a/:a", "(a)?(b)?", "/x(.*)?", "/x(y)?", "{/a}*", "{/a}+b", "{}", "/a\\", "/e(nd$)", "/e(^x)?y",
  "/(a|ab)(c|bcd)(d*)", "/(a*)(?:b)?", "/((?:a|ab)(?:c|bcd)*)", "/(?:a)", "/*", "/a+", "/:", "/:-", "/(", "/()", "/(a", "/[a", "/{a", "/a}", "/(a(b))",
  "/:a:b", "/(a)*", "/([)]", "/([b-a])", "/(a{2,1})", "/(a**)", "/(*)", "/(\\1)", "/(\\u{41})", "/(\\p{L}+)", "/(?<n>a)", "/((?<n>a)b)", "x([)/x:a", "/((?i:a))",
  "/((?=a)b)", "/((?=ab)a.)", "/(.*(?<=b))", "/(.*(?<!b))", "/(\\w+\\b)(.*)", "/((?:(?=(?:a|b))[^c])+)(.*)", "/((?!a)*b)", "/((?<!a)*b)", "/(.)(.)", "/([^a])(.*)",
];

/** A small generator of numbers (mulberry32), the same on every machine. */
function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[below(list.length)];
  return { below, pick, chance: (share) => next() < share };
}

const LETTERS = [..."aaabbbcdexyzABKS019_-.~ %@\u00e9\u00c9\u00df\u017f\u212a\u03c3\u03c2\u00b5\u01c5\u{1f600}\u{10428}"];
const SYNTAX = [..."/:?*+(){}[]\\.^$|-,<>=!#019abw"];
const LINE_TERMINATORS = [..."\n\r\u2028\u2029"];

/** Patterns by their grammar; each comes with a way to make a path that has a good chance to match. */
function grammar({ below, pick, chance }) {
  const many = (least, most, make) => Array.from({ length: least + below(most - least + 1) }, make);
  const fixed = (source, text) => ({ source, sample: () => text });
  const join = (pieces) => ({
    source: pieces.map((piece) => piece.source).join(""),
    sample: () => pieces.map((piece) => piece.sample()).join(""),
  });
  const letter = () => pick(LETTERS);
  const escapeText = (text) => text.replace(/[*+?{}()[\]\\:^$.|]/g, "\\$&");

  const sets = () => pick([["\\d", "07"], ["\\D", "a/"], ["\\w", "a_9"], ["\\W", "-/\u00e9"], ["\\s", " \t\u00a0"], ["\\S", "a/"], [".", "a/\u00e9"]]);
  const atom = (depth, calm) => {
    switch (below(depth > 0 ? 12 : 8)) {
      case 0: case 1: case 2: { const text = letter(); return fixed(escapeText(text), text); }
      case 3: { const [source, of] = sets(); return { source, sample: () => pick([...of]) }; }
      case 4: { const [a, b] = [letter(), letter()].sort(); return { source: `[${chance(0.3) ? "^" : ""}${escapeText(a)}-${escapeText(b)}${chance(0.3) ? sets()[0] : ""}]`, sample: () => pick([a, b, "b", "m"]) }; }
      case 5: { const of = many(0, 3, letter); return { source: `[${chance(0.3) ? "^" : ""}${of.map((text) => (text === "-" ? "\\-" : escapeText(text))).join("")}${pick(["", "", "-", "\\d", "/", "\\b", "."])}]`, sample: () => pick([...of, "a", "7", "/"]) }; }
      case 6: return pick([fixed("\\x41", "a"), fixed("\\u00e9", "\u00c9"), fixed("\\t", "\t"), fixed("\\0", "\0"), fixed("\\cJ", "\n"), fixed("\\n", "\n"), fixed("\\/", "/"), fixed("{", "{"), fixed("]", "]"), fixed("a{,2}", "a{,2}"), fixed("\\\u{1f600}", "\u{1f600}")]);
      case 7: return pick([fixed("^", ""), fixed("$", ""), fixed("\\b", ""), fixed("\\B", "")]);
      case 8: { const inner = expression(depth - 1, calm); return { source: `(?${pick(["=", "!", "<=", "<!"])}${inner.source})`, sample: () => "" }; }
      default: { const inner = expression(depth - 1, calm); return { source: `(?:${inner.source})`, sample: inner.sample }; }
    }
  };
  const term = (depth, calm) => {
    const quantifier = chance(0.35) ? pick(["*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}"]) : "";
    // Nothing unbounded within something unbounded: the other side backtracks.
    const inner = atom(depth, calm || /[*+,]$|,\}$/.test(quantifier));
    if (!quantifier || (calm && /[*+]|,\}/.test(quantifier)) || /^(?:[\^$]|\\[bB]|\(\?<)/.test(inner.source)) return chance(0.97) ? inner : fixed(`${inner.source}*`, "");
    return { source: `${inner.source}${quantifier}${chance(0.3) ? "?" : ""}`, sample: () => many(0, 2, inner.sample).join("") || (chance(0.7) ? inner.sample() : "") };
  };
  function expression(depth, calm = false) {
    const alternatives = many(1, chance(0.3) ? 3 : 1, () => join(many(chance(0.1) ? 0 : 1, 3, () => term(depth, calm))));
    return { source: alternatives.map((piece) => piece.source).join("|"), sample: () => pick(alternatives).sample() };
  }
  const group = () => pick([fixed(".*", "a/b"), fixed(".+", "a"), fixed("\\d+", "12"), fixed("[^/]+", "ab"), fixed("a|b", "A"), fixed("", "")].slice(0, chance(0.05) ? 6 : 5));
  const value = () => {
    if (chance(0.45)) return { source: "", sample: () => many(1, 4, letter).join("") };
    const inner = chance(0.4) ? group() : expression(2);
    return { source: `(${inner.source})`, sample: inner.sample };
  };
  const text = (least) => { const letters = many(least, 3, () => (chance(0.2) ? "/" : letter())).join(""); return fixed(escapeText(letters), letters); };
  const bare = () => {
    const prefix = pick(["/", "/", "/", ".", "", "-", "\\/"]);
    const inner = value();
    const name = inner.source === "" || chance(0.5) ? `:${pick(["a", "b", "slug", "x_1", "0", "1"])}` : "";
    const modifier = chance(0.35) ? pick(["?", "*", "+"]) : "";
    return { source: `${prefix}${name}${inner.source}${modifier}`, sample: () => (modifier === "?" || modifier === "*") && chance(0.3) ? "" : many(1, modifier === "*" || modifier === "+" ? 3 : 1, () => `${prefix.replace("\\", "")}${inner.sample()}`).join("") };
  };
  const braces = () => {
    const [before, inner, after] = [text(0), value(), text(0)];
    const name = chance(0.5) ? `:${pick(["a", "c", "n2"])}` : "";
    const modifier = chance(0.5) ? pick(["?", "*", "+"]) : "";
    const shown = name || inner.source ? inner : fixed("", "");
    return { source: `{${before.source}${name}${inner.source}${after.source}}${modifier}`, sample: () => (modifier === "?" || modifier === "*") && chance(0.3) ? "" : many(1, modifier === "*" || modifier === "+" ? 3 : 1, () => `${before.sample()}${shown.sample()}${after.sample()}`).join("") };
  };
  return () => join([fixed("/", "/"), ...many(1, 4, () => (chance(0.4) ? text(1) : chance(0.75) ? bare() : braces()))]);
}

function questions(seed, count) {
  const dice = random(seed);
  const { below, pick, chance } = dice;
  const generate = grammar(dice);
  const whole = (text) => text.toWellFormed();
  const change = (text, letters) => {
    const at = below(text.length + 1);
    switch (below(6)) {
      case 0: return text.slice(0, at) + text.slice(at + 1);
      case 1: return text.slice(0, at) + pick(letters) + text.slice(at);
      case 2: return text.slice(0, at) + pick(letters) + text.slice(at + 1);
      case 3: return pick([text.toUpperCase(), text.toLowerCase()]);
      case 4: return text + pick(["/", "#", "?", "//", "/x", "x", "\n"]);
      default: return text;
    }
  };
  const changePath = (path) => {
    const letters = chance(0.15) ? LINE_TERMINATORS : [...LETTERS, "/", "/", "#", "?"];
    let changed = path;
    while (chance(0.5)) changed = change(changed, letters);
    return whole(changed).slice(0, 28).toWellFormed();
  };
  const all = [];
  const samples = ["/", "/about", "/sign-in/factor-one", "/dashboard", "/dashboardx", "/admin/users/7", "/api/v2/x", "/api/webhooks/clerk", "/en/dashboard/a", "/de/sign-in", "/orgs/acme", "/orgs/acme/a/b", "/users/12", "/users/12.json", "/files/a.b.c", "/a-b-c", "/blog/page/2", "/blog-a-b", "/caf\u00c9/x", "/emoji/\u{1f600}/\u{1f600}", "/abcd", "/ab", "/a", "/x", "/xy", "/docs:x", "//", ""];
  for (const pattern of TYPICAL) {
    // Its own text with parameters filled in, and all samples.
    const own = pattern.replace(/\(\.\*\)|:\w+(\(.*?\))?[*+]?/g, () => pick(["a", "12", "en", "x/y", "a.b"])).replace(/[{}\\]/g, "");
    for (const path of [own, own, own, own, ...samples]) all.push({ pattern, path: changePath(path) });
    for (let more = 0; more < 5; more += 1) all.push({ pattern: whole(change(pattern, SYNTAX)), path: changePath(own) });
  }
  while (all.length < count) {
    const { source, sample } = generate();
    let pattern = source;
    if (chance(0.15)) pattern = whole(change(change(pattern, SYNTAX), SYNTAX));
    for (let paths = 0; paths < 4; paths += 1) all.push({ pattern, path: changePath(whole(sample())) });
    if (chance(0.1)) all.push({ pattern: Array.from({ length: 1 + below(12) }, () => pick(SYNTAX)).join(""), path: changePath("/a") });
  }
  return all;
}

/** Patterns with URLs: recorded targets and samples of the pattern, both changed as attackers change them. */
function urlQuestions(seed, count) {
  const dice = random(seed);
  const { below, pick, chance } = dice;
  const generate = grammar(dice);
  const recorded = JSON.parse(readFileSync(new URL("../vectors/paths/targets.json", import.meta.url), "utf8")).map(({ raw }) => raw).filter((raw) => raw.startsWith("/"));
  const pieces = ["%2e", "%2F", "%5c", "%25", "/", "//", "/./", "/../", "\\", ";a=b", "%00", "%0a", "%e9", "%C3%A9", "\u00e9", ".json", " ", "|", "\"", "%61", "~", "?x=/y", "#z", "%", "%zz"];
  const change = (path) => {
    const at = below(path.length + 1);
    switch (below(4)) {
      case 0: return path.slice(0, at) + pick(pieces) + path.slice(at);
      case 1: return path.slice(0, at) + path.slice(at + 1);
      case 2: return path.slice(0, at) + [...path.slice(at, at + 3)].map((letter) => encodeURIComponent(letter.toWellFormed()).replace(/^[^%]$/, (plain) => `%${plain.charCodeAt(0).toString(16)}`)).join("") + path.slice(at + 3);
      default: return path;
    }
  };
  const clerk = TYPICAL.filter((pattern) => pattern.startsWith("/"));
  const lists = ["/", "/about", "/blog(.*)", "/blog/:slug", "/api/public(.*)", "/dashboard(.*)", "/dashboard/:tab", "/admin(.*)", "/admin/:path*", "/api/admin(.*)"];
  return Array.from({ length: count }, () => {
    const { source, sample } = chance(0.4) ? generate() : { source: pick(chance(0.5) ? lists : clerk), sample: () => pick(recorded) };
    let path = `/${sample().replace(/^\//, "")}`;
    while (chance(0.6)) path = change(path);
    return { pattern: source, url: `http://h/${path.replace(/^\//, "")}`.toWellFormed().replace(/[\r\n]/g, "") };
  });
}

// ------------------------------------------------------------------------------------------------------------------------ the tests

test("patterns mean what path-to-regexp says they mean", (t) => {
  const counts = compare(questions(SEED, COUNT));
  t.diagnostic(`seed ${SEED}: ${JSON.stringify(counts)}`);
  assert.ok(counts.pairs >= 5_000 && counts.matches > counts.pairs / 5 && counts.errors > counts.pairs / 50, "the questions ask something");
  assert.ok(counts["line-terminators"] > 0, "line terminators occur");
});

test("patterns mean the same on canonical paths", (t) => {
  const questions = urlQuestions(SEED, COUNT);
  const counts = compare(questions);
  t.diagnostic(`seed ${SEED}: ${JSON.stringify(counts)}`);
  assert.ok(counts.pairs > COUNT * 0.8 && counts.matches > counts.pairs / 10 && counts.matches < counts.pairs * 0.9, "the questions ask something");
});

test("each expression that we refuse and JavaScript takes is refused for a listed reason", (t) => {
  const listed = {
    reference: ["/(a)(\\1)", "/(\\8)", "/(\\01)", "/([\\1])"],
    "letter-escape": ["/(\\p{L}+)", "/(\\u{41})", "/(\\x4)", "/(\\c1)", "/(\\k)", "/([\\B])", "/(\\A)"],
    "named-group": ["/((?<n>a)b)"],
    ...(KNOWS_MODIFIERS ? { modifiers: ["/((?i:a))", "/((?-i:a))", "/((?s-i:a)b)"] } : {}),
    "torn-group": ["x([)/x:a", "/((?:[)])x([(?]))", "/([(?])(?:[)])"],
  };
  const counts = compare(Object.values(listed).flat().map((pattern) => ({ pattern, path: "/a" })));
  t.diagnostic(JSON.stringify(counts));
  for (const [name, patterns] of Object.entries(listed)) assert.ok(counts[name] >= patterns.length, name);
});

test("upper and lower case are those of JavaScript, for every letter up to U+FFFF", (t) => {
  const all = [];
  for (let unit = 1; unit < 0x10000; unit += 1) {
    if (unit >= 0xd800 && unit < 0xe000) continue;
    const letter = String.fromCharCode(unit);
    const cases = new Set([letter.toUpperCase(), letter.toLowerCase(), letter.toUpperCase().toLowerCase()]);
    cases.delete(letter);
    for (const other of cases) {
      const escaped = /[a-z0-9]/i.test(letter) ? letter : `\\${letter}`;
      all.push({ pattern: `/${escaped}`, path: `/${other}` }, { pattern: `/([${escaped}])`, path: `/${other}` }, { pattern: `/([^${escaped}])`, path: `/${other}` });
    }
  }
  t.diagnostic(JSON.stringify(compare(all)));
});

test("Clerk compiles patterns to the same expressions as path-to-regexp 6.3", () => {
  const source = (compile, pattern) => {
    try {
      return String(compile(pattern));
    } catch {
      return "an error";
    }
  };
  for (const { pattern } of questions(SEED, 5_000)) {
    assert.equal(source(clerkPathToRegexp, pattern), source(pathToRegexp, pattern), pattern);
  }
});
