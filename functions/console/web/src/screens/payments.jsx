// Payments that need somebody: held ones, refunds, and captured ones to refund.
import { call, get, newKey } from '../api.js';
import { money, words } from '../format.js';
import { useList } from '../load.js';
import { t } from '../texts.js';
import { Act, Failure, Id, Panel, Screen, Status, Table, Tabs, Time, orderLink } from '../ui.jsx';

const x = t.payments;
const KINDS = { held: Held, refunds: Refunds, captures: Captures };

export function Payments({ query }) {
  const kind = KINDS[query.kind] ? query.kind : 'held';
  const Kind = KINDS[kind];
  return (
    <Screen title={x.title}>
      <Tabs label={x.kinds} of={Object.keys(KINDS).map((name) => [name, x[name]])} chosen={kind} href={(name) => `#/payments?kind=${name}`} />
      <Kind query={query} />
    </Screen>
  );
}

const acted = (question, done) => async (values) => {
  const told = await question(values);
  done();
  return told;
};

export const release = (session, done) => ({
  title: x.releaseTitle, text: x.releaseText(session), confirm: x.release,
  run: acted(() => call('POST', `/payments/sessions/${session.id}/release`, { patience: 30_000 }), done), done: () => x.released,
});

export const cancel = (session, done) => ({
  title: x.cancelTitle, text: x.cancelText, confirm: x.cancel, danger: true,
  run: acted(() => call('POST', `/payments/sessions/${session.id}/cancel`), done), done: () => x.cancelled,
});

// Gives a body's Idempotency-Key: the same as long as the same is asked for.
function keys() {
  let [last, key] = [];
  return (body) => {
    const text = JSON.stringify(body);
    if (text !== last) [last, key] = [text, newKey()];
    return key;
  };
}

// A payment is { id, amount, refundedAmount, currency }.
export const refund = (payment, done) => {
  const keyOf = keys();
  const left = (Number(payment.amount) - Number(payment.refundedAmount)).toFixed((payment.amount.split('.')[1] || '').length);
  return {
    title: x.refundTitle, text: x.refundText(money(left, payment.currency)), confirm: x.refund, danger: true,
    fields: [
      { name: 'amount', label: x.refundAmount, inputMode: 'decimal', placeholder: left },
      { name: 'note', label: x.refundNote, maxLength: 255 },
    ],
    run: acted(({ amount, note }) => {
      const body = { ...(amount && { amount }), ...(note && { note }) };
      return call('POST', `/payments/${payment.id}/refunds`, { key: keyOf(body), patience: 30_000, body });
    }, done),
    done: x.refunded,
  };
};

export const capture = (payment, done) => {
  const key = newKey();
  return {
    title: x.captureTitle, text: x.captureText(payment), confirm: x.capture,
    run: acted(() => call('POST', `/payments/${payment.id}/capture`, { key, patience: 30_000, body: {} }), done), done: () => x.captured,
  };
};

const settle = (one, done) => ({
  title: x.settleTitle, text: x.settleText, confirm: x.settle,
  fields: [
    { name: 'outcome', label: x.outcome, type: 'radio', required: true, options: [['made', x.made], ['not_made', x.notMade]] },
    { name: 'externalRefundId', label: x.external, hint: x.externalHint, maxLength: 128 },
    { name: 'note', label: t.events.note, maxLength: 255 },
  ],
  run: acted(({ outcome, externalRefundId, note }) => call('POST', `/payments/refunds/${one.id}/settle`, {
    body: { outcome, ...(externalRefundId && outcome === 'made' && { externalRefundId }), ...(note && { note }) },
  }), done),
  done: (told) => x.settled(told.status),
});

export const refundable = (payment) => ['paid', 'partially_refunded'].includes(payment.status);

export const SessionActions = ({ session, done }) => (
  <>
    {session.status === 'needs_review' && <Act action={release(session, done)}>{x.release}</Act>}
    {(session.status === 'needs_review' || session.status.startsWith('awaiting')) && <Act action={cancel(session, done)} danger>{x.cancel}</Act>}
  </>
);

function Held() {
  const list = useList((after) => get('/payments/sessions', { status: 'needs_review', after, limit: 50 }), []);
  const columns = [
    { name: x.created, cell: (one) => <Time at={one.createdAt} /> },
    { name: t.orders.one, cell: (one) => <Id of={one.orderId} href={orderLink(one.orderId)} /> },
    { name: x.amount, num: true, cell: (one) => money(one.orderTotal, one.currency) },
    { name: x.gateway, cell: (one) => one.paymentGateway },
    { name: x.score, num: true, cell: (one) => one.review?.score ?? one.fraudCheck?.score ?? '–' },
    { name: x.signals, cell: (one) => (one.review?.signals || []).map(words).join(', ') || one.fraudCheck?.reason || '–' },
    { name: x.expires, side: true, cell: (one) => <Time at={one.expiresAt} /> },
    { name: t.table.actions, hidden: true, acts: true, cell: (one) => <SessionActions session={one} done={list.reload} /> },
  ];
  return (
    <Panel title={x.held}>
      <Failure error={list.error} retry={list.reload} />
      <Table label={x.held} columns={columns} rows={list.items} next={list.next} more={list.more} loading={list.loading} empty={x.heldNone} />
    </Panel>
  );
}

const REFUNDS = ['needs_review', 'queued', 'failed', 'sent', 'all'];

function Refunds({ query }) {
  const status = REFUNDS.includes(query.status) ? query.status : 'needs_review';
  const list = useList((after) => get('/payments/refunds', { status: status === 'all' ? '' : status, after, limit: 50 }), [status]);
  const send = { title: x.send, text: t.jobs.runText, confirm: x.send, run: acted(() => call('POST', '/payments/refunds/send', { patience: 30_000 }), list.reload), done: () => t.jobs.ran('refunds') };
  const columns = [
    { name: x.created, cell: (one) => <Time at={one.createdAt} /> },
    { name: t.orders.one, cell: (one) => <Id of={one.orderId} href={orderLink(one.orderId)} /> },
    { name: x.amount, num: true, cell: (one) => money(one.amount, one.currency) },
    { name: x.status, cell: (one) => <Status of={one.status} text={one.status === 'needs_review' ? t.overview.unknown : undefined} /> },
    { name: x.reason, cell: (one) => words(one.reason) || '–' },
    { name: x.attempts, num: true, side: true, cell: (one) => one.attempts },
    { name: t.table.actions, hidden: true, acts: true, cell: (one) => ['needs_review', 'queued'].includes(one.status) && <Act action={settle(one, list.reload)}>{x.settle}</Act> },
  ];
  return (
    <>
      <Tabs label={x.refundStatus} of={REFUNDS.map((name) => [name, name === 'all' ? x.all : words(name)])} chosen={status} href={(name) => `#/payments?kind=refunds&status=${name}`} />
      <Panel title={x.refunds} actions={<Act action={send}>{x.send}</Act>}>
        <Failure error={list.error} retry={list.reload} />
        <Table label={x.refunds} columns={columns} rows={list.items} next={list.next} more={list.more} loading={list.loading} />
      </Panel>
    </>
  );
}

const CAPTURES = ['all', 'paid', 'partially_refunded', 'refunded', 'reversed', 'disputed'];

function Captures({ query }) {
  const status = CAPTURES.includes(query.status) ? query.status : 'all';
  const list = useList((after) => get('/payments/captures', { status: status === 'all' ? '' : status, after, limit: 50 }), [status]);
  const columns = [
    { name: x.capturedAt, cell: (one) => <Time at={one.capturedAt} /> },
    { name: t.orders.one, cell: (one) => <Id of={one.orderId} href={orderLink(one.orderId)} /> },
    { name: x.gateway, cell: (one) => one.provider },
    { name: x.amount, num: true, cell: (one) => money(one.amount, one.currency) },
    { name: x.refundedAmount, num: true, cell: (one) => money(one.refundedAmount, one.currency) },
    { name: x.status, cell: (one) => <Status of={one.status} /> },
    { name: x.payment, side: true, cell: (one) => <code>{one.externalTransactionId}</code> },
    { name: t.table.actions, hidden: true, acts: true, cell: (one) => refundable(one) && <Act action={refund(one, list.reload)} danger>{x.refund}</Act> },
  ];
  return (
    <>
      <Tabs label={x.captureStatus} of={CAPTURES.map((name) => [name, name === 'all' ? x.all : words(name)])} chosen={status} href={(name) => `#/payments?kind=captures&status=${name}`} />
      <Panel title={x.captures}>
        <Failure error={list.error} retry={list.reload} />
        <Table label={x.captures} columns={columns} rows={list.items} next={list.next} more={list.more} loading={list.loading} />
      </Panel>
    </>
  );
}
