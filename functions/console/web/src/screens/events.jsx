// Events of payment providers: a list by filter, and what can be done with all that it finds.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, get, notice, query as text, readOnly, session, writes } from '../api.js';
import { useList } from '../load.js';
import { useStore } from '../use-store.js';
import { t } from '../texts.js';
import { Act, Dialog, Failure, Field, Id, Panel, Screen, Status, Table, Tabs, Time, orderLink } from '../ui.jsx';
import { words } from '../format.js';

const x = t.events;
const STATUSES = ['needs_review', 'received', 'applied', 'ignored', 'dismissed', 'all'];
const REPLAYABLE = ['received', 'needs_review', 'ignored', 'dismissed'];
const FILTERS = ['provider', 'type', 'reason', 'orderId', 'account', 'transmissionId', 'from', 'to'];

export const replay = (event, done) => ({
  title: x.replayTitle,
  text: `${event.type}. ${x.replayText}`,
  confirm: x.replay,
  run: async () => {
    const told = await call('POST', `/webhooks/events/${event.id}/replay`);
    done();
    return told;
  },
  done: (told) => x.replayed(told.status, told.reason),
});

export const dismiss = (event, done) => ({
  title: x.dismissTitle,
  text: `${event.type}. ${x.dismissText}`,
  confirm: x.dismiss,
  fields: [{ name: 'note', label: x.note, maxLength: 500 }],
  run: async ({ note }) => {
    const told = await call('POST', `/webhooks/events/${event.id}/dismiss`, { body: note ? { note } : {} });
    done();
    return told;
  },
  done: () => x.dismissed,
});

// The columns of a list of events; `done` loads it again.
export const columns = (done, withOrder = true) => [
  { name: x.received, cell: (event) => <Time at={event.receivedAt} /> },
  { name: x.type, cell: (event) => <a href={`#/events/${event.id}`}>{event.type}</a> },
  { name: x.provider, side: true, cell: (event) => event.provider },
  { name: t.payments.status, cell: (event) => <Status of={event.status} text={x.status[event.status]} /> },
  { name: x.reason, cell: (event) => words(event.reason) || '–' },
  withOrder && { name: x.order, cell: (event) => <Id of={event.orderId} href={orderLink(event.orderId)} /> },
  { name: x.attempts, num: true, side: true, cell: (event) => event.attempts },
  { name: t.table.actions, acts: true, hidden: true, cell: (event) => <Actions event={event} done={done} /> },
].filter(Boolean);

export const Actions = ({ event, done }) => (
  <>
    {REPLAYABLE.includes(event.status) && <Act action={replay(event, done)}>{x.replay}</Act>}
    {event.status === 'needs_review' && <Act action={dismiss(event, done)}>{x.dismiss}</Act>}
  </>
);

// What the address names as a filter; times are local there, as a browser's field has them.
function filterOf(query) {
  const filter = Object.fromEntries(FILTERS.map((name) => [name, query[name]]));
  for (const name of ['from', 'to']) if (filter[name]) filter[name] = new Date(filter[name]).toISOString();
  return filter;
}

export function Events({ query, go }) {
  const status = STATUSES.includes(query.status) ? query.status : 'needs_review';
  const filter = { ...filterOf(query), status: status === 'all' ? undefined : status };
  const list = useList((after) => get('/webhooks/events', { ...filter, after, limit: 50 }), [JSON.stringify(filter)]);
  const href = (name) => `#/events${text({ ...query, status: name })}`;
  const [asks, setAsks] = useState(null);
  useStore(readOnly);
  const many = writes() && (
    <>
      {REPLAYABLE.includes(status) && <button type="button" onClick={() => setAsks('replay')}>{x.replayAll}</button>}
      {status === 'needs_review' && <button type="button" onClick={() => setAsks('dismiss')}>{x.dismissAll}</button>}
    </>
  );
  return (
    <Screen title={x.title} actions={many}>
      <Tabs label={x.statuses} of={STATUSES.map((name) => [name, x.status[name]])} chosen={status} href={href} />
      <Filters query={query} go={go} />
      <Failure error={list.error} retry={list.reload} />
      <Panel title={x.status[status]}>
        <Table label={x.title} columns={columns(list.reload)} rows={list.items} next={list.next} more={list.more} loading={list.loading} />
      </Panel>
      {asks && <Many what={asks} filter={filter} onClose={() => { setAsks(null); list.reload(); }} />}
    </Screen>
  );
}

function Filters({ query, go }) {
  const form = useRef();
  const used = FILTERS.some((name) => query[name]);
  const submit = (event) => {
    event.preventDefault();
    go({ status: query.status, ...Object.fromEntries(new FormData(form.current)) });
  };
  const input = (name, label, rest = {}) => (
    <Field label={label}>{(id) => <input {...id} name={name} defaultValue={query[name] || ''} autocomplete="off" {...rest} />}</Field>
  );
  return (
    <details class="filterbox" open={used}>
      <summary>{x.filters}</summary>
      <form ref={form} class="filters" onSubmit={submit} key={JSON.stringify(query)}>
        <Field label={x.provider}>
          {(id) => (
            <select {...id} name="provider" defaultValue={query.provider || ''}>
              <option value="">{x.any}</option><option value="paypal">PayPal</option><option value="stripe">Stripe</option>
            </select>
          )}
        </Field>
        {input('type', x.type)}
        {input('reason', x.reason)}
        {input('from', x.from, { type: 'datetime-local' })}
        {input('to', x.to, { type: 'datetime-local' })}
        {input('orderId', x.order)}
        {input('account', x.account)}
        {input('transmissionId', x.transmission)}
        <div class="buttons">
          <button type="submit" class="primary">{x.apply}</button>
          {used && <button type="button" onClick={() => go({ status: query.status })}>{x.clear}</button>}
        </div>
      </form>
    </details>
  );
}

// Replays or dismisses all that a filter finds: a dry run first, then step by step.
function Many({ what, filter, onClose }) {
  const [state, set] = useState({});
  const stop = useRef(false);
  const [note, setNote] = useState('');
  useStore(session);
  const path = `/webhooks/events/${what}`;
  const step = (values, body) => call('POST', path + text({ ...filter, ...values }), { body, patience: 60_000 });
  useEffect(() => {
    step({ dryRun: true }, what === 'dismiss' ? {} : undefined).then(({ matching }) => set({ matching }), (error) => set({ error }));
    return () => { stop.current = true; };
  }, []);
  const run = async (event) => {
    event.preventDefault();
    let [done, skipped, after] = [0, 0, undefined];
    set((old) => ({ ...old, works: true, done }));
    try {
      do {
        const told = await step({ limit: 200, after }, what === 'dismiss' ? (note ? { note } : {}) : undefined);
        done += told.taken ?? told.dismissed;
        skipped += told.skipped;
        after = told.next;
        set((old) => ({ ...old, done: done + skipped }));
      } while (after && !stop.current);
      notice.set({ text: what === 'replay' ? x.manyReplayed(done, skipped) : x.manyDismissed(done, skipped), tone: 'good' });
      onClose();
    } catch (error) {
      set((old) => ({ ...old, error, works: false }));
    }
  };
  const { matching, works, error } = state;
  const confirm = what === 'replay' ? x.replayMany : x.dismissMany;
  return (
    <Dialog title={what === 'replay' ? x.replayAll : x.dismissAll} onClose={onClose}>
      <form onSubmit={run}>
        <p role="status">{works ? x.progress(state.done, matching) : matching === undefined ? (error ? '' : x.counting) : x.matching(matching)}</p>
        {what === 'dismiss' && <Field label={x.note}>{(id) => <input {...id} maxLength={500} value={note} onInput={(event) => setNote(event.target.value)} />}</Field>}
        <Failure error={error} />
        <div class="buttons">
          {works
            ? <button type="button" onClick={() => { stop.current = true; }}>{x.stop}</button>
            : <button type="button" onClick={onClose}>{t.dialog.cancel}</button>}
          {matching > 0 && <button type="submit" class="primary" disabled={works}>{works ? t.dialog.working : confirm(matching)}</button>}
        </div>
      </form>
    </Dialog>
  );
}
