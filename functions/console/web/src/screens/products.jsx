// Products and their stock, and what a product-service holds for orders.
import { useRef } from 'preact/hooks';
import { call, get, newKey } from '../api.js';
import { count, money, moment, words } from '../format.js';
import { useList, useLoad } from '../load.js';
import { t } from '../texts.js';
import { Act, Facts, Failure, Field, Id, Panel, Screen, Status, Table, Tabs, Time, orderLink } from '../ui.jsx';

const x = t.products;

const VIEWS = { list: List, holds: Holds };

export function Products({ query, go }) {
  const view = VIEWS[query.view] ? query.view : 'list';
  const View = VIEWS[view];
  return (
    <Screen title={x.title}>
      <Tabs label={x.viewsLabel} of={Object.keys(VIEWS).map((name) => [name, x.views[name]])} chosen={view} href={(name) => `#/products?view=${name}`} />
      <View query={query} go={go} />
    </Screen>
  );
}

const HOLDS = ['stock_missing', 'optimistic', 'releasing', 'deducting'];

// The oldest first: it has waited for longest.
function Holds({ query }) {
  const state = HOLDS.includes(query.state) ? query.state : HOLDS[0];
  const list = useList((after) => get('/stock/holds', { state, after, limit: 50 }), [state]);
  const send = {
    title: x.sendTitle, text: x.sendText, confirm: x.send,
    run: async () => {
      const told = await call('POST', '/stock/holds/send', { patience: 60_000 });
      list.reload();
      return told;
    },
    done: x.sent,
  };
  const columns = [
    { name: x.since, cell: (one) => <Time at={one.createdAt} /> },
    { name: t.orders.one, cell: (one) => <Id of={one.orderId} href={orderLink(one.orderId)} /> },
    { name: x.pieces, cell: (one) => one.items.map(({ sku, quantity }) => `${count(quantity)} × ${sku}`).join(', ') },
    { name: x.status, cell: (one) => <Status of={one.state} text={x.holds[one.state]} /> },
    { name: t.payments.attempts, num: true, side: true, cell: (one) => count(one.attempts) },
  ];
  return (
    <>
      <Tabs label={x.holdStates} of={HOLDS.map((name) => [name, x.holds[name]])} chosen={state} href={(name) => `#/products?view=holds&state=${name}`} />
      <Panel title={x.holds[state]} note={x.holdsAbout[state]} actions={<Act action={send}>{x.send}</Act>}>
        <Failure error={list.error} retry={list.reload} />
        <Table label={x.holds[state]} columns={columns} rows={list.items} next={list.next} more={list.more} loading={list.loading} empty={x.noHolds} />
      </Panel>
    </>
  );
}

function List({ query, go }) {
  const form = useRef();
  const filter = { search: query.search, status: query.status };
  const list = useList((after) => get('/products', { ...filter, after, limit: 50, sort: 'name', order: 'asc' }), [JSON.stringify(filter)]);
  const submit = (event) => {
    event.preventDefault();
    go(Object.fromEntries(new FormData(form.current)));
  };
  const columns = [
    { name: x.name, cell: (one) => <a href={`#/products/${one.id}`}>{one.name}</a> },
    { name: x.sku, cell: (one) => <code>{one.sku}</code> },
    { name: x.price, num: true, cell: (one) => money(one.price, one.currency) },
    { name: x.status, cell: (one) => <Status of={one.status} /> },
    { name: x.updated, side: true, cell: (one) => <Time at={one.updatedAt} /> },
  ];
  return (
    <>
      <form ref={form} class="filters" onSubmit={submit} role="search" aria-label={x.title}>
        <Field label={x.find}>{(id) => <input {...id} name="search" defaultValue={query.search || ''} maxLength={64} autocomplete="off" />}</Field>
        <Field label={x.status}>
          {(id) => (
            <select {...id} name="status" defaultValue={query.status || ''}>
              <option value="">{t.events.any}</option><option value="active">active</option><option value="inactive">inactive</option>
            </select>
          )}
        </Field>
        <div class="buttons"><button type="submit">{x.search}</button></div>
      </form>
      <Failure error={list.error} retry={list.reload} />
      <Panel title={x.title} note={list.data?.total != null ? count(list.data.total) : ''}>
        <Table label={x.title} columns={columns} rows={list.items} next={list.next} more={list.more} loading={list.loading} />
      </Panel>
    </>
  );
}

export function Product({ id }) {
  const load = () => Promise.all([get(`/products/${id}`), get(`/products/${id}/stock`)]);
  const { data, error, loading, reload } = useLoad(load, [id]);
  const moves = useList((after) => get(`/products/${id}/stock/movements`, { after, limit: 50 }), [id]);
  if (!data) return <Screen title={x.one}><Failure error={error} retry={reload} />{loading && <p class="quiet" role="status">{t.table.loading}</p>}</Screen>;
  const [product, stock] = data;
  const again = () => { reload(); moves.reload(); };
  const then = (question) => async (values) => { await question(values); again(); };
  const key = newKey();
  const set = {
    title: x.countTitle, text: x.countText, confirm: x.count,
    fields: [{ name: 'onHand', label: x.onHand, type: 'number', min: 0, required: true, value: stock.onHand ?? 0 }, { name: 'note', label: x.note, maxLength: 255 }],
    run: then(({ onHand, note }) => call('PUT', `/products/${id}/stock`, { body: { onHand: Number(onHand), ...(note && { note }) } })), done: () => x.counted,
  };
  const book = {
    title: x.bookTitle, text: x.bookText, confirm: x.book,
    fields: [
      { name: 'change', label: x.pieces, type: 'number', required: true },
      { name: 'reason', label: x.reason, options: Object.entries(x.reasons) },
      { name: 'note', label: x.note, maxLength: 255 },
    ],
    run: then(({ change, reason, note }) => call('POST', `/products/${id}/stock/movements`, {
      key: `${key}.${change}.${reason}`, body: { change: Number(change), reason, ...(note && { note }) },
    })),
    done: () => x.booked,
  };
  const columns = [
    { name: t.orders.when, cell: (one) => <Time at={one.createdAt} /> },
    { name: x.change, num: true, cell: (one) => (one.change > 0 ? `+${one.change}` : one.change) },
    { name: x.after, num: true, cell: (one) => count(one.onHand) },
    { name: x.reason, cell: (one) => words(one.reason) },
    { name: t.orders.one, cell: (one) => <Id of={one.orderId} href={orderLink(one.orderId)} /> },
    { name: x.note, cell: (one) => one.note || '–' },
    { name: x.by, side: true, cell: (one) => <span class="note">{one.by || '–'}</span> },
  ];
  return (
    <Screen title={product.name} actions={<><Act action={set}>{x.count}</Act>{stock.counted && <Act action={book}>{x.book}</Act>}</>}>
      <Failure error={error} retry={reload} />
      <Panel title={x.stock}>
        {!stock.counted && <p class="quiet">{x.uncounted}</p>}
        <Facts of={[
          stock.counted && [x.onHand, <b class="big">{count(stock.onHand)}</b>],
          stock.counted && [x.reserved, <b class="big">{count(stock.reserved)}</b>],
          stock.counted && [x.available, <b class="big">{count(stock.available)}</b>],
          [x.sku, <code>{product.sku}</code>],
          [x.price, money(product.price, product.currency)],
          [x.status, <Status of={product.status} />],
          [x.updated, moment(stock.updatedAt || product.updatedAt)],
          product.schemaId && [x.schema, <Id of={product.schemaId} />],
        ]} />
      </Panel>
      <Panel title={x.movements}>
        <Failure error={moves.error} retry={moves.reload} />
        <Table label={x.movements} columns={columns} rows={moves.items} next={moves.next} more={moves.more} loading={moves.loading} empty={x.noMovements} />
      </Panel>
    </Screen>
  );
}
