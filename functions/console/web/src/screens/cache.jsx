// What the cache did in the last hour or day, in all and by entity.
import { get } from '../api.js';
import { Chart } from '../chart.jsx';
import { count, millis, percent, waited, words } from '../format.js';
import { useLoad } from '../load.js';
import { t } from '../texts.js';
import { Facts, Failure, Field, Panel, Screen, Status, Table, Tabs } from '../ui.jsx';
import { Outcomes, rateOf, sum } from './overview.jsx';

const x = t.cache;
const LENGTHS = { hour: 3_600_000, day: 86_400_000 };

export function Cache({ query, go }) {
  const range = query.range === 'day' ? 'day' : 'hour';
  const entity = query.entity || '';
  const load = () => get('/health/cache', { since: new Date(Date.now() - LENGTHS[range]).toISOString() });
  const { data, error, loading, reload } = useLoad(load, [range], 15_000);
  const series = data?.series;
  const of = series && (entity ? series.entities[entity] : series.total);
  const href = (name) => `#/cache?range=${name}${entity ? `&entity=${entity}` : ''}`;
  const names = series ? Object.keys(series.entities) : [];
  return (
    <Screen title={x.title} actions={<Tabs label={x.range} of={[['hour', x.hour], ['day', x.day]]} chosen={range} href={href} />}>
      <Failure error={error} retry={reload} />
      {!data && loading && <p class="quiet" role="status">{t.table.loading}</p>}
      {data && data.statistics !== 'on' && <p class="quiet">{data.statistics === 'off' ? x.off : x.unavailable}</p>}
      {series && (
        <>
          <form class="filters">
            <Field label={x.entity}>
              {(id) => (
                <select {...id} value={entity} onChange={(event) => go({ ...query, entity: event.target.value })}>
                  <option value="">{x.all}</option>
                  {[...new Set([...names, ...(entity ? [entity] : [])])].map((name) => <option key={name} value={name}>{words(name)}</option>)}
                </select>
              )}
            </Field>
          </form>
          {of && (
            <div class="columns even">
              <Panel title={x.outcomes} note={x.step(series.stepSeconds)}><Outcomes series={series} of={of} /></Panel>
              <Panel title={x.loads} note={x.step(series.stepSeconds)}><Loads series={series} of={of} /></Panel>
            </div>
          )}
          <Panel title={x.by} note={range === 'day' ? x.day : x.hour}><Entities series={series} /></Panel>
        </>
      )}
      {data && <Panel title={x.protocol}><Protocol data={data} /></Panel>}
    </Screen>
  );
}

function Loads({ series, of }) {
  const values = of.loads.map((loads, index) => (loads ? of.loadMs[index] / loads : null));
  const mean = sum(of.loads) ? sum(of.loadMs) / sum(of.loads) : null;
  return (
    <Chart label={`${x.loads}: ${millis(mean)}`} format={millis} from={Date.parse(series.from) / 1000} step={series.stepSeconds}
      series={[{ label: x.loadMs, values, colour: 'accent' }]} />
  );
}

function Entities({ series }) {
  const rows = [['', series.total], ...Object.entries(series.entities)].map(([name, of]) => {
    const [hits, reads] = rateOf(of);
    const loads = sum(of.loads);
    const of_ = (measure) => sum(of[measure]);
    return { name, hits, reads, loads, mean: loads ? sum(of.loadMs) / loads : null, of: of_ };
  });
  const columns = [
    { name: x.entity, cell: (row) => (row.name ? words(row.name) : <b>{x.all}</b>) },
    { name: x.reads, num: true, cell: (row) => count(row.reads) },
    { name: x.rate, num: true, cell: (row) => <span class="meter"><meter min="0" max="1" value={row.reads ? row.hits / row.reads : 0} aria-label={x.rate} />{percent(row.hits, row.reads)}</span> },
    { name: x.hits, num: true, cell: (row) => count(row.hits) },
    { name: x.misses, num: true, cell: (row) => count(row.of('misses')) },
    { name: x.bypasses, num: true, side: true, cell: (row) => count(row.of('bypasses')) },
    { name: x.staleIfError, num: true, side: true, cell: (row) => count(row.of('staleIfError')) },
    { name: x.failed, num: true, side: true, cell: (row) => count(row.of('failed')) },
    { name: x.loadCount, num: true, cell: (row) => count(row.loads) },
    { name: x.loadMean, num: true, cell: (row) => millis(row.mean) },
    { name: x.loadErrors, num: true, side: true, cell: (row) => count(row.of('loadErrors')) },
  ];
  return <Table label={x.by} columns={columns} rows={rows} row={(row) => row.name} />;
}

function Protocol({ data }) {
  const { certificate, outbox, breakers, total } = data;
  return (
    <Facts of={[
      [x.certificate, <><Status of={certificate.status} /> {certificate.ageMs !== null && millis(certificate.ageMs)}</>],
      [t.overview.caching, <Status of={data.caching === 'on' ? 'on' : 'down'} text={data.caching} />],
      [x.outbox, outbox && `${outbox.rows > 1000 ? '1000+' : count(outbox.rows)}${outbox.rows ? `, ${t.overview.oldest(waited(outbox.oldestMs))}` : ''}`],
      [x.breakers, Object.entries(breakers).map(([name, state]) => <span key={name} class="nowrap">{name} <Status of={state} /> </span>)],
      [x.runs, count(data.redisRuns)],
      [x.servers, count(data.postgresServers)],
      total && [x.compared, `${count(total.compared)}, ${count(total.inconsistent)}`],
    ]} />
  );
}
