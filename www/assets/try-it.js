// The "Try it" panel: each button makes one call through the gate, and shows what came back.

/** @typedef {(headline: string, body: string, outcome: 'good' | 'bad') => void} Show */

const answer = /** @type {HTMLOutputElement} */ (document.getElementById('answer'));
/** How many calls there were: only the last one is shown, whichever ends last. */
let calls = 0;

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('button[data-call]'))) {
  button.addEventListener('click', async () => {
    const [kind, path] = (button.dataset.call ?? '').split(' ');
    const call = (calls += 1);
    /** @type {Show} */
    const show = (...result) => {
      if (call === calls) render(...result);
    };
    button.disabled = true;
    try {
      await (kinds[kind] ?? kinds.GET)(path, show);
    } catch (error) {
      show('failed', String(error), 'bad');
    } finally {
      button.disabled = false;
      // A button that was disabled has lost the focus; where the visitor has moved on, it stays there.
      if (document.activeElement === document.body) button.focus();
    }
  });
}

/** @type {Record<string, (path: string, show: Show) => Promise<void>>} */
const kinds = {
  GET: async (path, show) => showResponse(await fetch(path), show),

  // The gate drops what a client claims about itself: the app is told the truth.
  SPOOF: async (path, show) => showResponse(await fetch(path, { headers: { 'X-Portcullis-Role': 'admin', X_Portcullis_User_Id: 'user_forged' } }), show),

  EVENTS: async (path, show) => {
    const response = await fetch(path);
    if (!response.ok || !response.body) return showResponse(response, show);
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

  UPLOAD: async (path, show) => {
    const response = await fetch(path, { method: 'POST', body: new Uint8Array(1024 * 1024) });
    if (!response.ok) return showResponse(response, show);
    const { byteLength } = await response.arrayBuffer();
    show(`${response.status} OK`, `${byteLength} bytes came back`, byteLength === 1024 * 1024 ? 'good' : 'bad');
  },
};

/** @param {Response} response @param {Show} show */
async function showResponse(response, show) {
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

/** @type {Show} */
function render(headline, body, outcome) {
  const status = document.createElement('strong');
  status.className = outcome;
  status.textContent = headline;
  const text = document.createElement('pre');
  text.textContent = body;
  answer.replaceChildren(status, text);
}
