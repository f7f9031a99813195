// Runs statements of the core's in D1.

/**
 * @param {any} database
 * @param {string} batch JSON: for each statement a list of its SQL and its values
 * @returns {Promise<string>} JSON: for each statement the list of its rows
 */
export async function run(database, batch) {
  /** @type {[string, ...unknown[]][]} */
  const statements = JSON.parse(batch);
  const results = await database.batch(statements.map(([sql, ...values]) => database.prepare(sql).bind(...values)));
  return JSON.stringify(results.map((/** @type {{ results: object[] }} */ { results: rows }) => rows ?? []));
}
