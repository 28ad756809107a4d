// One event: what has become of it, and what it has changed.
import { get } from '../api.js';
import { moment, words } from '../format.js';
import { useLoad } from '../load.js';
import { t } from '../texts.js';
import { Difference, Facts, Failure, Id, Panel, Screen, Status, Table, Time, orderLink } from '../ui.jsx';
import { Actions } from './events.jsx';

const x = t.events;

export function Event({ id }) {
  const { data, error, loading, reload } = useLoad(() => get(`/webhooks/events/${id}`), [id]);
  if (!data) return <Screen title={x.one}><Failure error={error} retry={reload} />{loading && <p class="quiet" role="status">{t.table.loading}</p>}</Screen>;
  const history = [
    { name: t.orders.when, cell: (one) => <Time at={one.at} /> },
    { name: x.attempts, num: true, cell: (one) => one.attempts },
    { name: t.payments.status, cell: (one) => <Status of={one.status} text={x.status[one.status]} /> },
    { name: x.reason, cell: (one) => words(one.reason) || '–' },
  ];
  const changes = [
    { name: t.orders.when, cell: (one) => <Time at={one.at} /> },
    { name: t.orders.what, cell: (one) => words(one.relation) },
    { name: t.orders.one, cell: (one) => <Id of={one.orderId} href={orderLink(one.orderId)} /> },
    { name: t.orders.change, cell: (one) => <Difference {...one} /> },
  ];
  const objects = [
    { name: t.orders.what, cell: (one) => one.kind },
    { name: x.resource, cell: (one) => <code>{one.id}</code> },
    { name: t.payments.status, cell: (one) => <Status of={one.status} /> },
    { name: t.payments.amount, num: true, cell: (one) => `${one.amount ?? '–'} ${one.currency ?? ''}` },
    { name: x.reason, cell: (one) => words(one.refused) || '–' },
  ];
  const decisions = [
    { name: t.orders.when, cell: (one) => <Time at={one.at} /> },
    { name: t.orders.actor, cell: (one) => one.by },
    { name: t.orders.change, cell: (one) => <Difference {...one} /> },
  ];
  return (
    <Screen title={data.type} actions={<Actions event={data} done={reload} />}>
      <Failure error={error} retry={reload} />
      <Panel title={x.facts}>
        <Facts of={[
          [t.payments.status, <Status of={data.status} text={x.status[data.status]} />],
          [x.reason, words(data.reason) || '–'],
          [x.order, <Id of={data.orderId} href={orderLink(data.orderId)} />],
          [x.provider, data.provider],
          [x.account, data.account],
          [x.organization, data.organizationId ? <Id of={data.organizationId} /> : x.nobody],
          [x.one, <code>{data.eventId}</code>],
          [x.resource, data.resource && <code>{data.resource}</code>],
          [x.occurred, moment(data.occurredAt)],
          [x.received, moment(data.receivedAt)],
          [x.applied, moment(data.appliedAt)],
          data.nextAttemptAt && [x.next, moment(data.nextAttemptAt)],
          [x.deliveries, data.deliveries],
          [x.attempts, data.attempts],
          [x.body, data.hasBody ? moment(data.bodyExpiresAt) : x.forgotten],
          data.transmissions.length > 0 && [x.transmissions, data.transmissions.map((one) => <code key={one}>{one} </code>)],
          data.conflict && [x.conflict, <Status of="wrong" text="!" />],
        ]} />
      </Panel>
      <Panel title={x.changes}><Table label={x.changes} columns={changes} rows={data.changes} row={(one) => one.at + one.relation} empty={x.noChange} /></Panel>
      <div class="columns even">
        <Panel title={x.history}><Table label={x.history} columns={history} rows={data.history} row={(one) => one.at} empty={x.nothing} /></Panel>
        <Panel title={x.objects}><Table label={x.objects} columns={objects} rows={data.objects} empty={x.nothing} /></Panel>
      </div>
      <Panel title={x.decisions}><Table label={x.decisions} columns={decisions} rows={data.decisions} row={(one) => one.at} empty={x.nothing} /></Panel>
    </Screen>
  );
}
