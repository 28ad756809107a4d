// The console: the frame around the screens, and the way between them. The address behind # names
// the screen and its filters; it never holds a token.
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { away, notice, query as text, readOnly, returns, session, signOut } from './api.js';
import { ago } from './format.js';
import { Cache } from './screens/cache.jsx';
import { Configuration } from './screens/configuration.jsx';
import { Event } from './screens/event.jsx';
import { Events } from './screens/events.jsx';
import { Jobs } from './screens/jobs.jsx';
import { Login } from './screens/login.jsx';
import { Order } from './screens/order.jsx';
import { Orders } from './screens/orders.jsx';
import { Overview } from './screens/overview.jsx';
import { Payments } from './screens/payments.jsx';
import { Product, Products } from './screens/products.jsx';
import { useStore } from './use-store.js';
import { t } from './texts.js';
import { choice, choose } from './theme.js';
import { Notice } from './ui.jsx';

// Each screen by the first part of its address, and the one for a further part.
const SCREENS = {
  overview: [Overview],
  events: [Events, Event],
  payments: [Payments],
  orders: [Orders, Order],
  products: [Products, Product],
  cache: [Cache],
  jobs: [Jobs],
  configuration: [Configuration],
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function placeOf(hash) {
  const [path, search] = hash.replace(/^#\/?/, '').split('?');
  const [name, id] = path.split('/');
  return { name: SCREENS[name] ? name : 'overview', id: id && decodeURIComponent(id), query: Object.fromEntries(new URLSearchParams(search)) };
}

function usePlace() {
  const [place, set] = useState(placeOf(location.hash));
  useEffect(() => {
    const moved = () => set(placeOf(location.hash));
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}

function App() {
  const who = useStore(session);
  const back = useStore(returns);
  useEffect(() => { if (back) notice.set({ text: t.away.back, tone: 'good' }); }, [back]);
  useEffect(() => {
    if (!who?.expiresAt) return undefined;
    const timer = setTimeout(() => signOut(t.login.ended), Math.min(who.expiresAt - Date.now(), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [who]);
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>{t.skip}</a>
      <Away />
      {who ? <Frame who={who} /> : <Login />}
      <Notice />
    </>
  );
}

// The address behind # is the screen's, so the link moves the focus itself.
function skip(event) {
  event.preventDefault();
  document.querySelector('h1')?.focus();
}

function Away() {
  const is = useStore(away);
  return <div role="alert" class="away-place">{is && <p class="away">{t.away.long}</p>}</div>;
}

function Frame({ who }) {
  const place = usePlace();
  const [Whole, One] = SCREENS[place.name];
  const content = useRef();
  const first = useRef(true);
  // A new screen is read from its heading on.
  useEffect(() => {
    if (!first.current) content.current?.querySelector('h1')?.focus({ preventScroll: true });
    first.current = false;
    scrollTo(0, 0);
  }, [place.name, place.id]);
  const go = (query) => { location.hash = `#/${place.name}${text(query)}`; };
  return (
    <div class="frame">
      <Top who={who} />
      <nav class="screens" aria-label={t.nav.label}>
        {Object.keys(SCREENS).map((name) => (
          <a key={name} href={`#/${name}`} aria-current={name === place.name ? 'page' : undefined}>{t.nav[name]}</a>
        ))}
        <a class="apart" href="/console/api">{t.nav.api}</a>
      </nav>
      <main id="content" ref={content}>
        {place.id && One ? <One key={place.id} id={place.id} query={place.query} go={go} /> : <Whole query={place.query} go={go} />}
      </main>
    </div>
  );
}

function Top({ who }) {
  const reads = useStore(readOnly);
  const colours = useStore(choice);
  const [q, setQ] = useState('');
  const forced = who.role !== 'operator';
  const find = (event) => {
    event.preventDefault();
    const wanted = q.trim();
    if (wanted) location.hash = UUID.test(wanted) ? `#/orders/${wanted.toLowerCase()}` : `#/orders?q=${encodeURIComponent(wanted)}`;
  };
  return (
    <header class="top">
      <a class="brand" href="/"><b>{t.name}</b> {t.console}</a>
      <form role="search" onSubmit={find}>
        <label for="find" class="hidden">{t.top.find}</label>
        <input id="find" type="search" placeholder={`${t.top.find}: ${t.top.findHint}`} value={q} onInput={(event) => setQ(event.target.value)} autocomplete="off" />
      </form>
      <label class="switch" title={forced ? t.readOnly.forced : undefined}>
        <input type="checkbox" role="switch" checked={reads || forced} disabled={forced} onChange={(event) => readOnly.set(event.target.checked)} /> {t.readOnly.label}
      </label>
      <label class="colours"><span class="hidden">{t.top.theme}</span>
        <select value={colours} onChange={(event) => choose(event.target.value)}>
          {Object.entries(t.top.themes).map(([name, label]) => <option key={name} value={name}>{label}</option>)}
        </select>
      </label>
      <span class="who" title={who.expiresAt ? t.top.until(ago(who.expiresAt)) : undefined}>{who.subject} <span class="note">{who.role}</span></span>
      <button type="button" onClick={() => signOut(t.login.left)}>{t.top.signOut}</button>
      {forced && <p class="forced">{t.readOnly.forced}</p>}
    </header>
  );
}

render(<App />, document.getElementById('app'));
