// The examples of docs/assertion.md, run as they stand there: an origin in Node, one in Python and one in Go. Through the built Worker in workerd.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { startGate } from '../support/gate.mjs';
import { goProgram } from '../support/go.mjs';
import { pythonWith } from '../support/python.mjs';
import { ROOT } from '../../tools/run.mjs';

const run = promisify(execFile);
const PACKAGES = ['PyJWT==2.15.1', 'cryptography==50.0.2'];
/** Reads cases from its argument, says of each who asks, or what was raised. */
const HARNESS = `
import json, sys
for method, target, assertion in json.loads(sys.argv[1]):
    try:
        print(json.dumps(who_asks(method, target, assertion).get("sub")))
    except Exception as error:
        print(json.dumps({"refused": type(error).__name__}))
`;

const GO_MODULES = ['github.com/MicahParks/keyfunc/v3 v3.7.0', 'github.com/golang-jwt/jwt/v5 v5.3.0'];
const GO_HEAD = `package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)
`;
const GO_HARNESS = `
func main() {
	var cases [][]string
	if err := json.Unmarshal([]byte(os.Args[1]), &cases); err != nil {
		panic(err)
	}
	for _, one := range cases {
		request := &http.Request{Method: one[0], RequestURI: one[1], Header: http.Header{}}
		request.Header.Set("X-Portcullis-Assertion", one[2])
		var said any
		if claims, err := WhoAsks(request); err != nil {
			said = map[string]string{"refused": err.Error()}
		} else {
			said = claims["sub"]
		}
		line, _ := json.Marshal(said)
		fmt.Println(string(line))
	}
}
`;

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** What the origin saw: a signed-in and a signed-out request, and assertions that are not theirs. @type {[string, string, string, unknown][]} */
let cases;

before(async () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  gate = await startGate({ env: { PORTCULLIS_SIGNING_KEY: String(key) } });
  const seen = async (/** @type {string} */ path, /** @type {any} */ init) => {
    await gate.request(path, init);
    const { method, url, headers } = gate.origin.seen.at(-1);
    return { method, url, assertion: String(headers['x-portcullis-assertion']) };
  };
  const token = await gate.clerk.token();
  const one = await seen('/dashboard?a=1&b=%C3%A9', { token });
  const post = await seen('/dashboard', { token, method: 'POST', body: 'x' });
  const nobody = await seen('/', {});
  const [header, claims, signature] = one.assertion.split('.');
  const forged = Buffer.from(claims, 'base64url').toString().replace('"user_1"', '"user_2"');
  const unsigned = Buffer.from('{"alg":"none","typ":"portcullis-assertion+jwt"}').toString('base64url');
  cases = [
    [one.method, one.url, one.assertion, 'user_1'],
    [post.method, post.url, post.assertion, 'user_1'],
    [nobody.method, nobody.url, nobody.assertion, null],
    ['DELETE', one.url, one.assertion, 'refused'],
    [one.method, '/admin?a=1&b=%C3%A9', one.assertion, 'refused'],
    [one.method, '/dashboard?a=2', one.assertion, 'refused'],
    [one.method, '/dashboard', one.assertion, 'refused'],
    [one.method, one.url, `${header}.${Buffer.from(forged).toString('base64url')}.${signature}`, 'refused'],
    [one.method, one.url, `${unsigned}.${claims}.`, 'refused'],
    // A session token is no assertion, although a key of the same instance may have signed it.
    [one.method, one.url, token, 'refused'],
    [one.method, one.url, 'nonsense', 'refused'],
  ];
});
after(() => gate.stop());

/** The example in that language, about this gate. @param {string} language */
async function example(language) {
  const docs = await readFile(join(ROOT, 'docs/assertion.md'), 'utf8');
  const code = docs.split(`\`\`\`${language}\n`)[1].split('```')[0];
  return code.replaceAll('https://app.internal.example.com', gate.origin.url).replaceAll('https://example.com', gate.url);
}

/**
 * Has a program judge the cases, which are its last argument.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {RegExp} refusals what it may refuse one for
 */
async function judges(program, args, refusals) {
  const { stdout } = await run(program, [...args, JSON.stringify(cases.map((one) => one.slice(0, 3)))]);
  const said = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(said.map((one) => (one && typeof one === 'object' ? 'refused' : one)), cases.map(([, , , expected]) => expected), stdout);
  for (const one of said) if (one?.refused) assert.match(one.refused, refusals);
}

describe('the example', () => {
  test('in Node tells who asks, and refuses what is not of this request', async () => {
    const file = join(ROOT, 'tests/.tmp', `assertion-${process.pid}.mjs`);
    await mkdir(join(ROOT, 'tests/.tmp'), { recursive: true });
    await writeFile(file, await example('js'));
    const { whoAsks } = await import(pathToFileURL(file).href);
    for (const [method, url, assertion, expected] of cases) {
      const said = await whoAsks({ method, url, headers: { 'x-portcullis-assertion': assertion } }).then(
        (/** @type {any} */ claims) => claims.sub ?? null,
        () => 'refused',
      );
      assert.equal(said, expected, `${method} ${url} ${assertion.slice(0, 40)}`);
    }
  });

  test('in Python does the same', async (t) => {
    const environment = await pythonWith('python-jwt', PACKAGES);
    if ('missing' in environment) return t.skip(environment.missing);
    const script = (await example('python')) + HARNESS;
    // Refused for what they are, not for a mistake in the example.
    await judges(environment.python, ['-c', script], /^(InvalidTokenError|InvalidSignatureError|DecodeError|InvalidAlgorithmError|PyJWKClientError)$/);
  });

  test('in Go does the same', async (t) => {
    const built = await goProgram('go-jwt', GO_MODULES, GO_HEAD + (await example('go')) + GO_HARNESS);
    if ('missing' in built) return t.skip(built.missing);
    await judges(built.program, [], /another request|signature is invalid|signing method|could not find kid|malformed|key not found/);
  });
});
