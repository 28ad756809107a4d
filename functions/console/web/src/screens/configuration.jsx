// What is misconfigured: names of variables, never their values.
import { get } from '../api.js';
import { useLoad } from '../load.js';
import { t } from '../texts.js';
import { Facts, Failure, Panel, Screen, Status, Table } from '../ui.jsx';

const x = t.configuration;

export function Configuration() {
  const { data, error, loading, reload } = useLoad(() => get('/health', {}, { any: true }), [], 15_000);
  const columns = [
    { name: x.variable, cell: (one) => <code>{one.variable}</code> },
    { name: x.detail, cell: (one) => one.detail },
  ];
  const dependencies = [
    { name: x.dependencies, cell: ([name]) => <b>{name}</b> },
    { name: t.payments.status, cell: ([, one]) => <Status of={one.status} /> },
    { name: x.detail, cell: ([, one]) => one.detail || '–' },
  ];
  const providers = [
    { name: x.providers, cell: ([name]) => <b>{name}</b> },
    { name: t.payments.status, cell: ([, one]) => <Status of={one.status} /> },
    { name: x.missing, cell: ([, one]) => one.missing.map((name) => <code key={name}>{name} </code>) },
  ];
  const payments = data?.payments;
  return (
    <Screen title={x.title}>
      <Failure error={error} retry={reload} />
      {!data && loading && <p class="quiet" role="status">{t.table.loading}</p>}
      {data && (
        <>
          <Panel title={x.errors} note={x.names}>
            <Table label={x.errors} columns={columns} rows={data.configuration.errors} row={(one) => one.variable + one.detail} empty={x.right} />
          </Panel>
          <div class="columns even">
            <Panel title={x.dependencies}><Table label={x.dependencies} columns={dependencies} rows={Object.entries(data.dependencies)} row={([name]) => name} /></Panel>
            <Panel title={x.providers}>
              {payments ? <Table label={x.providers} columns={providers} rows={['paypal', 'stripe'].map((name) => [name, payments[name]])} row={([name]) => name} /> : <p class="quiet">{x.paymentsWrong}</p>}
              {payments?.missing.length > 0 && <p>{x.missing}: {payments.missing.map((name) => <code key={name}>{name} </code>)}</p>}
            </Panel>
          </div>
          <Facts of={[[x.version, data.version], [x.authentication, <Status of={data.authentication === 'off' ? 'wrong' : 'ok'} text={String(data.authentication)} />]]} />
        </>
      )}
    </Screen>
  );
}
