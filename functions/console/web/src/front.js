// The first page: whether the server is well, and an order's status while it changes.
import { front as x } from './texts.js';
import './theme.js';

const find = (id) => document.getElementById(id);

async function health() {
  const place = find('health');
  try {
    const response = await fetch('/api/v1/health', { signal: AbortSignal.timeout(8000) });
    const told = await response.json();
    place.className = `badge ${{ ok: 'good', degraded: 'wait' }[told.status] || 'bad'}`;
    place.textContent = x.healthy[told.status];
    find('version').textContent = told.version;
  } catch {
    place.className = 'badge bad';
    place.textContent = x.away;
  }
}

health();
setInterval(() => { if (!document.hidden) health(); }, 10_000);

let stream = null;
const say = (text) => { find('live-state').textContent = text; };

function add(state) {
  const line = document.createElement('li');
  const time = document.createElement('time');
  time.textContent = new Date().toLocaleTimeString('en-GB');
  line.append(time, ' ', x.live.status(state));
  find('live-list').prepend(line);
}

function stop(text) {
  stream?.close();
  stream = null;
  find('live-button').textContent = x.live.watch;
  say(text);
}

// A browser's EventSource can send no header, so a ticket for this one order takes the token's place.
async function watch(token, order) {
  const response = await fetch(`/api/v1/orders/${encodeURIComponent(order)}/live-ticket`, {
    method: 'POST', headers: { authorization: `Bearer ${token}` },
  });
  const told = await response.json();
  if (!response.ok) throw new Error(told.detail || told.title);
  find('live-button').textContent = x.live.stop;
  stream = new EventSource(told.url);
  stream.onopen = () => say(x.live.waiting);
  stream.addEventListener('order', (event) => add(JSON.parse(event.data)));
  stream.addEventListener('gone', () => stop(x.live.gone));
  stream.onerror = () => {
    // A stream ends by itself, and comes again; with an old ticket it can't.
    if (stream?.readyState === EventSource.CLOSED) stop(x.live.stopped);
    else say(x.live.again);
  };
}

find('live').addEventListener('submit', async (event) => {
  event.preventDefault();
  if (stream) return stop(x.live.stopped);
  const form = new FormData(event.target);
  find('live-list').replaceChildren();
  say(x.asking);
  try {
    await watch(form.get('token').trim().replace(/^(TOKEN=|Bearer\s+)/, ''), form.get('order').trim());
  } catch (error) {
    stop(x.live.refused(error.message));
  }
  return undefined;
});
