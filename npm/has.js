// What `has()` is asked: read as Clerk reads it, member by member, and handed to the core as plain data. What JSON would leave out without
// a word (a function, an inherited member) would be a condition that nobody checks.

/** What stands for a value that no role, permission, feature or plan can be: nobody has it. */
const NOBODYS = {};

/**
 * The question as JSON.
 *
 * @param {any} asked
 */
export function questionOf(asked) {
  if (asked === null || (typeof asked !== 'object' && typeof asked !== 'function')) return 'null';
  const { role, permission, feature, plan, reverification } = asked;
  return JSON.stringify({
    role: plain(role),
    permission: plain(permission),
    feature: plain(feature),
    plan: plain(plan),
    reverification: isObject(reverification) ? { level: plain(reverification.level), afterMinutes: plain(reverification.afterMinutes) } : plain(reverification),
  });
}

/** @param {unknown} value @returns {value is any} */
function isObject(value) {
  return typeof value === 'object' && value !== null;
}

/** @param {unknown} value */
function plain(value) {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      // Of numbers JSON has no infinite ones.
      return Number.isNaN(value) ? null : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
    default:
      return value === null ? null : NOBODYS;
  }
}
