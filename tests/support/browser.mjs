// A browser as far as redirects and cookies go: it keeps cookies, follows redirects, and stops where a real one would.

const MOST_REDIRECTS = 20;
/** Name and value together, as browsers keep them. */
const COOKIE_BYTES = 4096;

/**
 * @param {object} options
 * @param {(name: string) => boolean} [options.keeps] whether it keeps a cookie of that name
 * @param {(url: URL, jar: Map<string, string>) => { location: string, cookies?: string[] } | undefined} [options.elsewhere] other sites: where they
 *   redirect to, and the cookies that they set for the parent domain; `undefined` for a page
 */
export function openBrowser({ keeps = () => true, elsewhere = () => undefined } = {}) {
  /** @type {Map<string, string>} */
  const jar = new Map();
  const take = (/** @type {string[]} */ directives) => {
    for (const directive of directives) {
      const [pair, ...attributes] = directive.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const isOver = attributes.some((attribute) => /^max-age=0$/i.test(attribute));
      if (isOver) jar.delete(name);
      else if (keeps(name) && pair.length <= COOKIE_BYTES) jar.set(name, pair.slice(name.length + 1));
    }
  };
  return {
    jar,
    take,
    /**
     * Navigates; gives the page that it ends on, and every address on the way.
     *
     * @param {string} address
     * @param {string} own the site of the gate
     */
    async open(address, own) {
      /** @type {string[]} */
      const visited = [];
      let url = new URL(address);
      while (visited.length <= MOST_REDIRECTS) {
        visited.push(url.href);
        if (url.origin !== own) {
          const answer = elsewhere(url, jar);
          if (!answer) return { visited, status: 200, url: url.href, text: '', headers: new Headers() };
          take(answer.cookies ?? []);
          url = new URL(answer.location);
          continue;
        }
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        /** @type {Record<string, string>} */
        const headers = { accept: 'text/html', 'sec-fetch-dest': 'document', ...(cookie ? { cookie } : {}) };
        const response = await fetch(url, { redirect: 'manual', headers });
        take(response.headers.getSetCookie());
        const location = response.headers.get('location');
        if (!location) return { visited, status: response.status, url: url.href, text: await response.text(), headers: response.headers };
        url = new URL(location, url);
      }
      return { visited, status: 0, url: url.href, text: 'too many redirects', headers: new Headers() };
    },
  };
}
