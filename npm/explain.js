// `explain`: a decision and how it came about.

import { decisionOf } from './decision.js';
import { core } from './gate-core.js';
import { describeConfig, requestId } from './gate.js';
import { checkRequest, describeRequest } from './request.js';

/**
 * @param {import('./index.js').GateConfig} config
 * @param {import('./index.js').RequestLike} request
 * @returns {Promise<any>} an `Explanation`
 */
export async function explain(config, request) {
  const settings = describeConfig(config);
  const read = checkRequest(request);
  const { text } = await core.check('explanation', settings, describeRequest(read, requestId()), read.headers);
  const end = text.indexOf('\n');
  return { ...JSON.parse(text.slice(0, end)), decision: decisionOf({ ok: true, text: text.slice(end + 1) }) };
}
