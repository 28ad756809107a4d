import assert from 'node:assert/strict';
import { test } from 'node:test';
import { why } from './why.js';

const order = { status: 'pending', paymentStatus: 'pending', totalAmount: '19.99', currency: 'EUR' };
const tones = (found) => found.map((one) => one.tone);

test('nobody has tried to pay', () => {
  const found = why({ order });
  assert.equal(found.length, 1);
  assert.match(found[0].text, /Nobody/);
});

test('an event in review comes before a session that waits, and can be acted on', () => {
  const event = { id: 'e', status: 'needs_review', type: 'charge.dispute.created', reason: 'overpaid' };
  const session = { id: 's', status: 'awaiting_callback', paymentGateway: 'stripe', createdAt: '2026-01-01T00:00:00Z' };
  const found = why({ order, events: [event], sessions: [session] });
  assert.deepEqual(tones(found), ['bad', 'wait']);
  assert.equal(found[0].event, event);
  assert.equal(found[1].session, session);
});

test('a paid order is said to be paid, and old sessions say nothing', () => {
  const found = why({ order: { ...order, paymentStatus: 'paid' }, sessions: [{ status: 'failed' }] });
  assert.deepEqual(tones(found), ['good']);
});

test('money that is only reserved is named with its payment', () => {
  const one = { id: 'p', status: 'authorized', provider: 'paypal', amount: '5.00', currency: 'EUR' };
  assert.equal(why({ order, payment: { payments: [one] } })[0].payment, one);
});
