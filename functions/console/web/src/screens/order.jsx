// One order: why it stands as it does, its money, its events, and what has become of it.
import { get } from '../api.js';
import { money, moment, words } from '../format.js';
import { useList, useLoad } from '../load.js';
import { t } from '../texts.js';
import { Act, Badge, Difference, Facts, Failure, Id, Panel, Screen, Status, Table, Time } from '../ui.jsx';
import { why } from '../why.js';
import { Actions, columns as eventColumns } from './events.jsx';
import { SessionActions, capture, refund, refundable } from './payments.jsx';

const x = t.orders;
const none = (question, otherwise) => question.catch(() => otherwise);

export function Order({ id }) {
  // All at once: a slow line is waited for once.
  const load = () => Promise.all([
    get(`/orders/${id}`),
    none(get(`/orders/${id}/payment-status`), null),
    none(get('/payments/sessions', { orderId: id, limit: 20 }), { items: [] }),
    none(get('/webhooks/events', { orderId: id, limit: 50 }), { items: [] }),
    none(get(`/orders/${id}/stock`), { items: [] }),
  ]);
  const { data, error, loading, reload } = useLoad(load, [id]);
  const timeline = useList((after) => get(`/orders/${id}/timeline`, { after, limit: 50 }), [id]);
  const again = () => { reload(); timeline.reload(); };
  if (!data) {
    return (
      <Screen title={x.one}>
        {error?.status === 404 ? <p class="quiet">{x.missing}</p> : <Failure error={error} retry={reload} />}
        {loading && <p class="quiet" role="status">{t.table.loading}</p>}
      </Screen>
    );
  }
  const [order, payment, sessions, events, stock] = data;
  const reasons = why({ order, payment, sessions: sessions.items, events: events.items });
  const unpaid = !['paid', 'refunded', 'partially_refunded', 'none_required'].includes(order.paymentStatus);
  return (
    <Screen title={order.orderNumber}>
      <Failure error={error} retry={reload} />
      <Panel title={unpaid ? x.whyUnpaid : x.why} class="why">
        {reasons.length === 0 && <p class="quiet">{words(order.paymentStatus)}</p>}
        <ul class="reasons">
          {reasons.map((one) => (
            <li key={one.text}>
              <span class={`mark ${one.tone}`} aria-hidden="true" />
              <span>{one.text}</span>
              <span class="actions">
                {one.event && <Actions event={one.event} done={again} />}
                {one.session && <SessionActions session={one.session} done={again} />}
                {one.payment?.status === 'authorized' && <Act action={capture(one.payment, again)}>{t.payments.capture}</Act>}
              </span>
            </li>
          ))}
        </ul>
        <Facts of={[
          [x.status, <Status of={order.status} />],
          [x.payment, <Status of={order.paymentStatus} />],
          [x.total, money(order.totalAmount, order.currency)],
          [x.paid, money(payment?.paidAmount, order.currency)],
          [x.refunded, money(payment?.refundedAmount, order.currency)],
          order.stockState && [x.stock, <Status of={order.stockState} text={t.products.holds[order.stockState]} />],
          [x.created, moment(order.createdAt)],
          [x.customer, <Id of={order.customerId} />],
          order.notes && [x.notes, order.notes],
        ]} />
      </Panel>
      <Panel title={x.payments}><Payments payments={payment?.payments || []} done={again} /></Panel>
      <Panel title={x.events}>
        <Table label={x.events} columns={eventColumns(again, false)} rows={events.items} empty={x.noEvents} />
      </Panel>
      <div class="columns even">
        <Panel title={x.sessions}><Sessions sessions={sessions.items} done={again} /></Panel>
        <Panel title={x.items}><Items order={order} stock={stock.items} /></Panel>
      </div>
      <Panel title={x.timeline} note={timeline.data?.knownSince?.money ? x.timelineAbout(moment(timeline.data.knownSince.money)) : ''}>
        <Failure error={timeline.error} retry={timeline.reload} />
        <Timeline list={timeline} />
      </Panel>
    </Screen>
  );
}

function Payments({ payments, done }) {
  const columns = [
    { name: t.payments.capturedAt, cell: (one) => <Time at={one.capturedAt || one.createdAt} /> },
    { name: t.payments.gateway, cell: (one) => one.provider },
    { name: t.payments.payment, side: true, cell: (one) => <code>{one.externalId}</code> },
    { name: t.payments.amount, num: true, cell: (one) => money(one.amount, one.currency) },
    { name: t.payments.refundedAmount, num: true, cell: (one) => money(one.refundedAmount, one.currency) },
    { name: t.payments.status, cell: (one) => <Status of={one.status} /> },
    {
      name: t.table.actions, hidden: true, acts: true, cell: (one) => (
        <>
          {refundable(one) && <Act action={refund(one, done)} danger>{t.payments.refund}</Act>}
          {one.status === 'authorized' && <Act action={capture(one, done)}>{t.payments.capture}</Act>}
        </>
      ),
    },
  ];
  return <Table label={x.payments} columns={columns} rows={payments} empty={x.noPayments} />;
}

function Sessions({ sessions, done }) {
  const columns = [
    { name: t.payments.created, cell: (one) => <Time at={one.createdAt} /> },
    { name: t.payments.gateway, cell: (one) => one.paymentGateway },
    { name: t.payments.amount, num: true, cell: (one) => money(one.orderTotal, one.currency) },
    { name: t.payments.status, cell: (one) => <><Status of={one.status} /> {one.reason && <span class="note">{words(one.reason)}</span>}</> },
    { name: t.table.actions, hidden: true, acts: true, cell: (one) => <SessionActions session={one} done={done} /> },
  ];
  return <Table label={x.sessions} columns={columns} rows={sessions} empty={x.noSessions} />;
}

function Items({ order, stock }) {
  const held = (position) => stock.find((one) => one.position === position);
  const rows = order.items.map((item, index) => ({ ...item, id: index, position: index + 1 }));
  const columns = [
    { name: t.products.sku, cell: (item) => <code>{item.sku}</code> },
    { name: t.products.name, cell: (item) => item.name },
    { name: x.quantity, num: true, cell: (item) => item.quantity },
    { name: x.price, num: true, cell: (item) => money(item.unitPrice, order.currency) },
    stock.length > 0 && { name: x.stock, side: true, cell: (item) => <Status of={held(item.position)?.state} /> },
  ].filter(Boolean);
  return <Table label={x.items} columns={columns} rows={rows} />;
}

function Timeline({ list }) {
  const columns = [
    { name: x.when, cell: (one) => <Time at={one.at} /> },
    { name: x.what, cell: (one) => <><Badge tone="plain">{words(one.type.replace(/[A-Z]/g, (c) => ' ' + c.toLowerCase()))}</Badge> {one.kind && <span class="note">{one.kind}</span>}</> },
    { name: x.change, cell: (one) => (one.before === null && one.after === null ? '–' : <Difference before={one.before} after={one.after} />) },
    { name: x.actor, side: true, cell: (one) => <span class="note">{one.actor}</span> },
  ];
  const rows = list.items?.map((one, id) => ({ ...one, id }));
  return <Table label={x.timeline} columns={columns} rows={rows} next={list.next} more={list.more} loading={list.loading} />;
}
