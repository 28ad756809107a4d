// Jobs: when each ran, what came of it, and a step by hand.
import { call, get } from '../api.js';
import { span, words } from '../format.js';
import { useLoad } from '../load.js';
import { t } from '../texts.js';
import { Act, Badge, Failure, Panel, Screen, Table, Time } from '../ui.jsx';

const x = t.jobs;

// The request that does a job's work by hand.
const BY_HAND = {
  redrive: '/webhooks/redrive',
  'reconcile-paypal': '/webhooks/reconcile?provider=paypal',
  'reconcile-stripe': '/webhooks/reconcile?provider=stripe',
  refunds: '/payments/refunds/send',
  sweep: '/payments/sessions/sweep',
  'expire-stock': '/stock/expire',
  'stock-holds': '/stock/holds/send',
  prune: '/payments/prune',
};

export function Jobs() {
  const { data, error, loading, reload } = useLoad(() => get('/jobs'), [], 10_000);
  const run = (job) => ({
    title: x.runTitle(job.name), text: x.runText, confirm: x.run,
    run: async () => {
      await call('POST', BY_HAND[job.name], { patience: 60_000 });
      reload();
    },
    done: () => x.ran(job.name),
  });
  const columns = [
    { name: x.job, cell: (job) => <b>{words(job.name)}</b> },
    { name: x.component, side: true, cell: (job) => job.component },
    { name: x.state, cell: (job) => <State job={job} /> },
    { name: x.every, num: true, cell: (job) => span(job.intervalSeconds) },
    { name: x.last, cell: (job) => (job.lastRun ? <Time at={job.lastRun} /> : x.never) },
    { name: x.next, cell: (job) => <Time at={job.nextRun} /> },
    { name: x.result, cell: (job) => <Result of={job.result} /> },
    { name: t.table.actions, hidden: true, acts: true, cell: (job) => BY_HAND[job.name] && <Act action={run(job)}>{x.run}</Act> },
  ];
  return (
    <Screen title={x.title}>
      <Failure error={error} retry={reload} />
      <Panel title={x.title}><Table label={x.title} columns={columns} rows={data?.items} row={(job) => job.name} loading={loading} /></Panel>
    </Screen>
  );
}

function State({ job }) {
  if (job.failures > 0) return <Badge tone="bad">{x.failing(job.failures)}</Badge>;
  if (job.overdue) return <Badge tone="bad">{x.overdue}</Badge>;
  return job.running ? <Badge tone="wait">{x.running}</Badge> : <Badge tone="good">{x.fine}</Badge>;
}

const show = (value) => (value && typeof value === 'object' ? Object.entries(value).map(([name, one]) => `${words(name)} ${one}`).join(', ') || '–' : String(value));
const Result = ({ of }) => (of ? <span class="note">{Object.entries(of).map(([name, value]) => `${words(name)}: ${show(value)}`).join(' · ')}</span> : '–');
