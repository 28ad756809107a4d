// Times, sums and counts as people read them.
import { t } from './texts.js';

const counts = new Intl.NumberFormat('en');
const dates = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const count = (value) => (value === null || value === undefined ? '–' : counts.format(value));

export function percent(part, whole) {
  if (!whole) return '–';
  const value = (100 * part) / whole;
  // 100 % is said only of all.
  const digits = value > 99.9 && part < whole ? 2 : 1;
  return (part < whole ? Math.min(value, 99.99).toFixed(digits) : '100') + ' %';
}

export function millis(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value >= 1000) return (value / 1000).toFixed(1) + ' s';
  return (value >= 10 ? value.toFixed(0) : value.toFixed(1)) + ' ms';
}

export const moment = (at) => (at ? dates.format(new Date(at)) : '–');

const STEPS = [[86_400, 'd'], [3_600, 'h'], [60, 'min'], [1, 's']];

export function span(seconds) {
  const size = Math.abs(seconds);
  const [length, unit] = STEPS.find(([length]) => size >= length) || STEPS[3];
  return Math.floor(size / length) + ' ' + unit;
}

export function ago(at, now = Date.now()) {
  const seconds = (now - new Date(at)) / 1000;
  if (Math.abs(seconds) < 1) return t.time.now;
  return seconds >= 0 ? t.time.ago(span(seconds)) : t.time.ahead(span(seconds));
}

export const money = (amount, currency) => (amount === null || amount === undefined ? '–' : `${amount} ${currency || ''}`.trim());
export const short = (id) => (id && id.length > 16 ? id.slice(0, 8) + '…' + id.slice(-4) : id || '–');
export const words = (name) => (name || '').replace(/[_-]/g, ' ');

// How long something has waited.
export const waited = (ms) => (ms < 1000 ? millis(ms) : span(ms / 1000));

const GOOD = ['ok', 'up', 'valid', 'on', 'closed', 'paid', 'applied', 'processed', 'sent', 'completed', 'delivered', 'active', 'configured', 'captured', 'won', 'done', 'allow'];
const WAITS = ['received', 'queued', 'pending', 'awaiting_redirect', 'awaiting_callback', 'authorized', 'degraded', 'partially_refunded', 'partially_paid', 'running', 'incomplete', 'inquiry', 'review', 'optimistic'];
const BAD = ['needs_review', 'failed', 'down', 'unavailable', 'wrong', 'open', 'disputed', 'reversed', 'overdue', 'lost', 'none', 'deny', 'overpaid', 'stock_missing'];

export function toneOf(word) {
  if (GOOD.includes(word)) return 'good';
  if (WAITS.includes(word)) return 'wait';
  return BAD.includes(word) ? 'bad' : 'plain';
}
