// The "Try it" panel: each button makes one call through the gate, and shows what came back.

const answer = /** @type {HTMLOutputElement} */ (document.getElementById('answer'));

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('button[data-call]'))) {
  button.addEventListener('click', async () => {
    const [kind, path] = (button.dataset.call ?? '').split(' ');
    button.disabled = true;
    try {
      await (calls[kind] ?? calls.GET)(path);
    } catch (error) {
      show('failed', String(error), 'bad');
    } finally {
      button.disabled = false;
      button.focus();
    }
  });
}

/** @type {Record<string, (path: string) => Promise<void>>} */
const calls = {
  GET: async (path) => showResponse(await fetch(path)),

  // The gate drops what a client claims about itself: the app is told the truth.
  SPOOF: async (path) => showResponse(await fetch(path, { headers: { 'X-Portcullis-Role': 'admin', X_Portcullis_User_Id: 'user_forged' } })),

  EVENTS: async (path) => {
    const response = await fetch(path);
    if (!response.ok || !response.body) return showResponse(response);
    const started = performance.now();
    let text = '';
    for (const reader = response.body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const [, data] of value.matchAll(/^data: (.*"count".*)$/gm)) {
        text += `${String(Math.round(performance.now() - started)).padStart(5)} ms  ${data}\n`;
      }
      show(`${response.status} streaming`, text, 'good');
    }
    show(`${response.status} stream ended`, text, 'good');
  },

  UPLOAD: async (path) => {
    const response = await fetch(path, { method: 'POST', body: new Uint8Array(1024 * 1024) });
    if (!response.ok) return showResponse(response);
    const { byteLength } = await response.arrayBuffer();
    show(`${response.status} OK`, `${byteLength} bytes came back`, byteLength === 1024 * 1024 ? 'good' : 'bad');
  },
};

/** @param {Response} response */
async function showResponse(response) {
  const text = await response.text();
  let body = text;
  let reason = '';
  try {
    const value = JSON.parse(text);
    body = JSON.stringify(value, null, 2);
    if (typeof value.reason === 'string') reason = ` · ${value.reason}`;
  } catch {
    // not JSON: shown as it is
  }
  show(`${response.status}${reason}`, body.slice(0, 2000), response.ok ? 'good' : 'bad');
}

/**
 * @param {string} headline
 * @param {string} body
 * @param {'good' | 'bad'} outcome
 */
function show(headline, body, outcome) {
  const status = document.createElement('strong');
  status.className = outcome;
  status.textContent = headline;
  const text = document.createElement('pre');
  text.textContent = body;
  answer.replaceChildren(status, text);
}
