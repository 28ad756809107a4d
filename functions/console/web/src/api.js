// The API of this server, asked with the operator's own token. The token is kept in memory and
// nowhere else: a new page has none.
import { store } from './store.js';
import { t } from './texts.js';

const BASE = '/api/v1';
const PATIENCE = 15_000;
const LOOK_AGAIN = 3_000;

let token = null;

// Who is logged in: { role, subject, organization, expiresAt, open }.
export const session = store(null);
// Why the last session ended.
export const ended = store(null);
// Whether the API gives no answer.
export const away = store(false);
// Counts how often it has come back, so that screens load again.
export const returns = store(0);
// Whether writes are switched off.
export const readOnly = store(false);
// Something to tell, once: { text, tone }.
export const notice = store(null);

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || t.errors.status(status));
    this.status = status;
    this.body = body;
    this.fields = body?.errors || [];
  }
}

// The claims of a token, as far as they can be read. The server verifies them; this shows them.
export function claimsOf(text) {
  try {
    const part = text.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

// Only operators may change anything here.
export const mayWrite = () => session.get()?.role === 'operator';
export const writes = () => mayWrite() && !readOnly.get();

export function signIn(text, open) {
  const claims = open ? {} : claimsOf(text);
  token = open ? null : text;
  ended.set(null);
  session.set({
    role: open ? 'operator' : claims?.role,
    subject: open ? t.login.developer : claims?.sub,
    organization: claims?.org,
    expiresAt: claims?.exp ? claims.exp * 1000 : null,
    scopes: (claims?.scope || '').split(' '),
    open,
  });
}

export function signOut(why) {
  token = null;
  session.set(null);
  ended.set(why || null);
}

export function query(values) {
  const pairs = Object.entries(values || {}).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return pairs.length ? '?' + new URLSearchParams(pairs) : '';
}

async function ask(method, path, body, options) {
  const headers = { accept: 'application/json' };
  if (token) headers.authorization = 'Bearer ' + token;
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (options.key) headers['idempotency-key'] = options.key;
  const signal = AbortSignal.timeout(options.patience || PATIENCE);
  return fetch(BASE + path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
}

// Asks the API. `any`: every status that has JSON is an answer, as health's 503 is.
export async function call(method, path, { body, any, ...options } = {}) {
  if (method !== 'GET' && !options.harmless && !writes()) throw new Problem(403, { detail: t.readOnly.refused });
  let response;
  let told;
  try {
    response = await ask(method, path, body, options);
    const text = await response.text();
    told = text && /json/.test(response.headers.get('content-type') || '') ? JSON.parse(text) : null;
  } catch {
    lost();
    throw new Problem(0, { detail: t.away.short });
  }
  found();
  if (response.ok || (any && told)) return told;
  if (response.status === 401 && session.get()) signOut(t.login.over(told?.detail));
  // A proxy's own page: the server behind it gives no answer.
  if (!told && response.status >= 502) lost();
  throw new Problem(response.status, told);
}

export const get = (path, values, options) => call('GET', path + query(values), options);
export const newKey = () => crypto.randomUUID();

let looking = null;

// Looks until the API answers again.
function lost() {
  away.set(true);
  if (looking) return;
  looking = setInterval(() => {
    ask('GET', '/health', undefined, { patience: LOOK_AGAIN }).then(
      (response) => response.status < 502 || response.headers.get('content-type')?.includes('json') ? found() : null,
      () => null,
    );
  }, LOOK_AGAIN);
}

function found() {
  if (!away.get()) return;
  clearInterval(looking);
  looking = null;
  away.set(false);
  returns.set(returns.get() + 1);
}
