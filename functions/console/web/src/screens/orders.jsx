// Orders: what a search finds, or the latest ones.
import { get } from '../api.js';
import { money, words } from '../format.js';
import { useList } from '../load.js';
import { t } from '../texts.js';
import { Failure, Panel, Screen, Status, Table, Time, orderLink } from '../ui.jsx';

const x = t.orders;

export function Orders({ query }) {
  const q = (query.q || '').trim();
  const found = q.length >= 3;
  const page = async (cursor) => {
    if (!found) return get('/orders', { limit: 50, cursor });
    const told = await get('/orders/search', { q });
    return { ...told, next: null };
  };
  const list = useList(page, [q]);
  const columns = [
    { name: x.number, cell: (order) => <a href={orderLink(order.id)}>{order.orderNumber}</a> },
    found && { name: x.customer, cell: (order) => order.customer.name },
    { name: x.status, cell: (order) => <Status of={order.status} /> },
    { name: x.payment, cell: (order) => <Status of={order.paymentStatus} /> },
    { name: x.total, num: true, cell: (order) => money(order.totalAmount, order.currency) },
    { name: x.created, cell: (order) => <Time at={order.createdAt} /> },
    found && { name: x.matched, side: true, cell: (order) => order.matched.map(words).join(', ') },
  ].filter(Boolean);
  return (
    <Screen title={x.title}>
      <Failure error={list.error} retry={list.reload} />
      {q && !found && <p class="quiet">{x.short}</p>}
      <Panel title={found ? x.found(q) : x.latest} note={list.data?.more ? x.more : ''}>
        <Table label={x.title} columns={columns} rows={list.items} next={list.next} more={list.more} loading={list.loading} />
      </Panel>
    </Screen>
  );
}
