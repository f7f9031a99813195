// A policy as `wrangler.toml` writes it, in the names that the package takes.

/** @param {any} value @returns {any} */
export function inCamelCase(value) {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (value === null || typeof value !== 'object') return value;
  const rename = (/** @type {string} */ name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [rename(name), name === 'where' ? inner : inCamelCase(inner)]));
}
