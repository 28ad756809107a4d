// Why an order isn't paid, from what the API knows of it. Pure.
import { t } from './texts.js';

// [{ tone, text, event?, session?, payment? }], the most telling first. `event`, `session` and
// `payment` are what can be acted on.
export function why({ order, payment, sessions = [], events = [] }) {
  const found = [];
  const say = (tone, text, more) => found.push({ tone, text, ...more });
  const paid = ['paid', 'partially_refunded', 'refunded', 'overpaid'].includes(order.paymentStatus);
  if (order.paymentStatus === 'paid') say('good', t.why.paid(payment?.paidAmount ?? order.totalAmount, order.currency));
  for (const event of events) {
    if (event.status === 'needs_review') say('bad', t.why.review(event), { event });
    if (event.status === 'received') say('wait', t.why.waits(event), { event });
    if (event.status === 'dismissed' && !paid) say('plain', t.why.dismissed(event), { event });
  }
  for (const one of payment?.payments || []) {
    if (one.status === 'authorized') say('wait', t.why.authorized(one), { payment: one });
    if (one.status === 'pending') say('wait', t.why.pending(one), { payment: one });
    if (['disputed', 'reversed', 'failed'].includes(one.status)) say('bad', t.why.payment(one), { payment: one });
  }
  if (paid) return found;
  if (order.status === 'cancelled') say('plain', t.why.cancelled);
  if (Number(order.totalAmount) === 0) say('plain', t.why.free);
  for (const session of sessions) {
    if (session.status === 'needs_review') say('bad', t.why.held(session), { session });
    if (session.status.startsWith('awaiting')) say('wait', t.why.open(session), { session });
  }
  const over = sessions.find((session) => session.status === 'failed');
  if (over) say('plain', t.why.failed(over));
  if (!sessions.length && !events.length && !payment?.payments?.length) say('plain', t.why.nothing);
  return found;
}
