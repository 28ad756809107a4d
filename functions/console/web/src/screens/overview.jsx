// The state of everything at a glance: what is up, what the cache does, what needs somebody.
import { get } from '../api.js';
import { Chart } from '../chart.jsx';
import { count, millis, percent, waited } from '../format.js';
import { useLoad } from '../load.js';
import { t } from '../texts.js';
import { Badge, Failure, Panel, Screen, Status } from '../ui.jsx';

const x = t.overview;
const LIMIT = 20;
const HOUR = 3_600_000;

// A question that may fail without taking the screen with it.
const calm = (question) => question.catch((error) => ({ error }));
const amount = (page) => page?.items && { count: page.total ?? page.items.length, open: Boolean(page.next) && page.total === undefined };
export const sum = (values) => values.reduce((all, value) => all + value, 0);

export function read(since) {
  const from = new Date(since).toISOString();
  return Promise.all([
    calm(get('/health', {}, { any: true })),
    calm(get('/health/cache', { since: from })),
    calm(get('/webhooks/events', { status: 'needs_review', limit: LIMIT })),
    calm(get('/webhooks/events', { status: 'received', limit: LIMIT })),
    calm(get('/payments/sessions', { status: 'needs_review', limit: LIMIT })),
    calm(get('/payments/refunds', { status: 'needs_review', limit: LIMIT })),
    calm(get('/payments/refunds', { status: 'queued', limit: LIMIT })),
    calm(get('/jobs')),
    calm(get('/stock/holds', { state: 'stock_missing', limit: LIMIT })),
  ]);
}

export function Overview() {
  const { data, loading } = useLoad(() => read(Date.now() - HOUR), [], 10_000);
  const [health, cache, review, waiting, held, unknown, queued, jobs, missing] = data || [];
  const late = jobs?.items?.filter((job) => job.overdue || job.failures > 0);
  const errors = health?.configuration?.errors;
  const needs = [
    [x.review, amount(review), '#/events?status=needs_review', review],
    [x.waiting, amount(waiting), '#/events?status=received', waiting],
    [x.held, amount(held), '#/payments?kind=held', held],
    [x.unknown, amount(unknown), '#/payments?kind=refunds&status=needs_review', unknown],
    [x.queued, amount(queued), '#/payments?kind=refunds&status=queued', queued],
    [x.missing, amount(missing), '#/products?view=holds', missing],
    [x.late, late && { count: late.length }, '#/jobs', jobs],
    [x.misconfigured, errors && { count: errors.length }, '#/configuration', health],
  ];
  const open = needs.filter(([, found, , told]) => told?.error || found?.count > 0);
  return (
    <Screen title={x.title}>
      {!data && loading && <p class="quiet" role="status">{t.table.loading}</p>}
      {data && (
        <>
          <Tiles health={health} cache={cache} />
          <div class="columns">
            <Panel title={x.attention}>
              {open.length === 0 && <p class="quiet">{x.calm}</p>}
              <ul class="needs">
                {open.map(([name, found, href, told]) => (
                  <li key={name}>
                    {told?.error ? <span>{name}: <span class="note">{told.error.message}</span></span> : <a href={href}>{name}</a>}
                    {found && <b class="num">{count(found.count)}{found.open ? '+' : ''}</b>}
                  </li>
                ))}
              </ul>
              {errors?.length > 0 && <ul class="plainlist">{errors.map((one) => <li key={one.variable + one.detail}><code>{one.variable}</code> {one.detail}</li>)}</ul>}
            </Panel>
            <Panel title={x.chart} note={cache?.series ? t.cache.step(cache.series.stepSeconds) : ''}>
              {cache?.error && <Failure error={cache.error} />}
              {cache?.series ? <Outcomes series={cache.series} of={cache.series.total} /> : !cache?.error && <p class="quiet">{t.cache.unavailable}</p>}
            </Panel>
          </div>
        </>
      )}
    </Screen>
  );
}

export const OUTCOMES = [['hits', 'good'], ['misses', 'calm'], ['bypasses', 'wait'], ['staleIfError', 'plain'], ['failed', 'bad']];

export function Outcomes({ series, of }) {
  const shown = OUTCOMES.filter(([name], index) => index < 2 || of[name].some((value) => value > 0));
  const label = `${t.cache.outcomes}: ${shown.map(([name]) => `${t.cache[name]} ${count(sum(of[name]))}`).join(', ')}`;
  return (
    <Chart label={label} stacked format={count} from={Date.parse(series.from) / 1000} step={series.stepSeconds}
      series={shown.map(([name, colour]) => ({ label: t.cache[name], values: of[name], colour }))} />
  );
}

export function rateOf(of) {
  const [hits, reads] = [sum(of.hits), sum(of.hits) + sum(of.misses) + sum(of.bypasses) + sum(of.staleIfError)];
  return [hits, reads];
}

function Tiles({ health, cache }) {
  const [hits, reads] = cache?.series ? rateOf(cache.series.total) : [0, 0];
  const valid = cache?.certificate?.status === 'valid';
  const errors = health?.configuration?.errors || [];
  const dependencies = Object.entries(health?.dependencies || {});
  return (
    <ul class="tiles">
      <Tile name={x.service} value={<Status of={health?.status || 'unavailable'} />}
        more={dependencies.map(([name, one]) => <span key={name} class="nowrap">{name} <Status of={one.status} /></span>)} />
      <Tile name={x.certificate}
        value={cache?.caching === 'off' ? <Badge tone="bad">{x.cachingOff}</Badge> : valid ? <Badge tone="good">{x.certified(millis(cache.certificate.ageMs))}</Badge> : <Badge tone="plain">{x.uncertified}</Badge>}
        more={<span>{cache?.caching !== 'off' && !valid ? x.uncertifiedAbout : `${x.caching} ${cache?.caching ?? '–'}`}</span>} />
      <Tile name={x.hitRate} value={<b class="big">{percent(hits, reads)}</b>} more={<a href="#/cache">{x.reads(count(reads))}</a>} />
      <Tile name={x.outbox} value={<b class="big">{cache?.outbox ? (cache.outbox.rows > 1000 ? '1000+' : count(cache.outbox.rows)) : '–'}</b>}
        more={cache?.outbox?.rows > 0 && <span>{x.oldest(waited(cache.outbox.oldestMs))}</span>} />
      <Tile name={x.configuration} value={errors.length ? <Badge tone="bad">{x.errors(errors.length)}</Badge> : <Badge tone="good">{x.none}</Badge>}
        more={<a href="#/configuration">{x.see}</a>} />
    </ul>
  );
}

const Tile = ({ name, value, more }) => <li class="tile"><h2>{name}</h2><p>{value}</p><p class="note">{more}</p></li>;
