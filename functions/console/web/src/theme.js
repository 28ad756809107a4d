// Light, dark, or as the system has it. The choice is kept in the browser; it is no secret.
import { store } from './store.js';

const KEY = 'edge-orders-colours';
const dark = matchMedia('(prefers-color-scheme: dark)');

function kept() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

export const choice = store(['light', 'dark'].includes(kept()) ? kept() : 'auto');
// The colours that are seen.
export const look = store('light');

function show() {
  const chosen = choice.get();
  const seen = chosen === 'auto' ? (dark.matches ? 'dark' : 'light') : chosen;
  document.documentElement.dataset.theme = seen;
  look.set(seen);
}

export function choose(next) {
  choice.set(next);
  try { localStorage.setItem(KEY, next); } catch { /* It lasts as long as the page. */ }
  show();
}

dark.addEventListener('change', show);
show();
