// The pieces that screens are made of.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { notice, readOnly, session, writes } from './api.js';
import { ago, moment, short, toneOf, words } from './format.js';
import { useStore } from './use-store.js';
import { t } from './texts.js';

export const Badge = ({ tone, children }) => <span class={`badge ${tone}`}>{children}</span>;
export const Status = ({ of, text }) => (of ? <Badge tone={toneOf(of)}>{text || words(of)}</Badge> : <span>–</span>);

export function Time({ at }) {
  if (!at) return <span>–</span>;
  return <time dateTime={at} title={moment(at)}>{ago(at)}</time>;
}

export const Id = ({ of, href, label }) =>
  of ? (href ? <a class="id" href={href} title={of}>{label || short(of)}</a> : <code class="id" title={of}>{short(of)}</code>) : <span>–</span>;

export const orderLink = (id) => `#/orders/${id}`;

export function Screen({ title, actions, children }) {
  useEffect(() => { document.title = `${title} · ${t.name}`; }, [title]);
  return (
    <>
      <div class="head"><h1 tabIndex={-1}>{title}</h1><div class="actions">{actions}</div></div>
      {children}
    </>
  );
}

export function Panel({ title, note, actions, children, class: name = '' }) {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header><h2 id={id}>{title}</h2>{note && <span class="note">{note}</span>}<div class="actions">{actions}</div></header>
      {children}
    </section>
  );
}

export function Failure({ error, retry }) {
  if (!error) return null;
  return (
    <div class="failure" role="alert">
      <p>{error.message}</p>
      {error.fields?.map((one) => <p key={one.field}><code>{one.field}</code> {one.detail}</p>)}
      {error.body?.requestId && <p class="note">{t.errors.request(error.body.requestId)}</p>}
      {retry && <button type="button" onClick={retry}>{t.errors.retry}</button>}
    </div>
  );
}

// A table in a box that can be scrolled by keyboard. A column is { name, cell, num, side, head }.
export function Table({ label, columns, rows, row, empty, next, more, loading }) {
  const [busy, setBusy] = useState(false);
  if (!rows) return loading ? <p class="quiet" role="status">{t.table.loading}</p> : null;
  if (!rows.length) return <p class="quiet">{empty || t.table.empty}</p>;
  const go = async () => {
    setBusy(true);
    try { await more(); } catch (error) { notice.set({ text: error.message, tone: 'bad' }); }
    setBusy(false);
  };
  return (
    <>
      <div class="scroll" role="group" aria-label={label} tabIndex={0}>
        <table>
          <thead>
            <tr>{columns.map((one) => <th key={one.name} scope="col" class={cls(one)}>{one.hidden ? <span class="hidden">{one.name}</span> : one.name}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map((item, index) => (
              <tr key={item.id ?? row?.(item) ?? index}>{columns.map((one) => <td key={one.name} class={cls(one)}>{one.cell(item)}</td>)}</tr>
            ))}
          </tbody>
        </table>
      </div>
      {next && <p class="more"><button type="button" onClick={go} disabled={busy}>{busy ? t.table.loading : t.table.more}</button></p>}
    </>
  );
}

const cls = (one) => [one.num && 'num', one.side && 'side', one.acts && 'acts'].filter(Boolean).join(' ');

export const Facts = ({ of }) => (
  <dl class="facts">{of.filter(Boolean).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value ?? '–'}</dd></div>)}</dl>
);

// Links that choose one of several views.
export const Tabs = ({ label, of, chosen, href }) => (
  <nav class="tabs" aria-label={label}>
    {of.map(([name, text]) => <a key={name} href={href(name)} aria-current={name === chosen ? 'page' : undefined}>{text}</a>)}
  </nav>
);

export function Field({ label, hint, children }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': hint ? `${id}-hint` : undefined })}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

// A native dialog: the focus stays in it, and Escape closes it.
export function Dialog({ title, onClose, children }) {
  const box = useRef();
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog ref={box} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

// A button that may change something. It isn't there in read-only mode. What is asked stays as it
// was when the button was pressed, whatever is loaded meanwhile.
export function Act({ action, children, primary, danger, ...rest }) {
  const [asks, setAsks] = useState(null);
  useStore(readOnly);
  useStore(session);
  if (!writes()) return null;
  return (
    <>
      <button type="button" class={primary ? 'primary' : danger ? 'danger' : ''} onClick={() => setAsks(action)} {...rest}>{children}</button>
      {asks && <Ask {...asks} onClose={() => setAsks(null)} />}
    </>
  );
}

// Asks for what an action needs, and carries it out. `fields`: { name, label, hint, type, options,
// value, required }.
export function Ask({ title, text, fields = [], confirm, danger, run, done, onClose }) {
  const [state, set] = useState({});
  const form = useRef();
  const submit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(form.current)].map(([name, value]) => [name, value.trim()]));
    set({ works: true });
    try {
      const told = await run(values);
      onClose();
      notice.set({ text: done(told), tone: 'good' });
    } catch (error) {
      set({ error });
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form ref={form} onSubmit={submit}>
        {text && <p>{text}</p>}
        {fields.map((one) => <AskField key={one.name} {...one} />)}
        <Failure error={state.error} />
        <div class="buttons">
          <button type="button" onClick={onClose}>{t.dialog.cancel}</button>
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={state.works}>{state.works ? t.dialog.working : confirm}</button>
        </div>
      </form>
    </Dialog>
  );
}

function AskField({ name, label, hint, type = 'text', options, value, required, ...rest }) {
  if (type === 'radio') {
    return (
      <fieldset>
        <legend>{label}</legend>
        {options.map(([option, text]) => (
          <label key={option} class="choice"><input type="radio" name={name} value={option} required={required} /> {text}</label>
        ))}
      </fieldset>
    );
  }
  return (
    <Field label={required ? `${label} (${t.dialog.required})` : label} hint={hint}>
      {(id) => (options
        ? <select {...id} name={name}>{options.map(([option, text]) => <option key={option} value={option}>{text}</option>)}</select>
        : <input {...id} {...rest} type={type} name={name} defaultValue={value} required={required} autocomplete="off" />)}
    </Field>
  );
}

// What differs between two states.
export function Difference({ before, after }) {
  const names = [...new Set([...Object.keys(before || {}), ...Object.keys(after || {})])];
  const show = (value) => (value === null || value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value));
  if (!names.length) return <span>–</span>;
  return (
    <ul class="difference">
      {names.map((name) => (
        <li key={name}>
          <span class="note">{name}</span>{' '}
          {before && name in before && <><del>{show(before[name])}</del>{' → '}</>}
          <ins>{after ? show(after[name]) : t.orders.gone}</ins>
        </li>
      ))}
    </ul>
  );
}

export function Notice() {
  const told = useStore(notice);
  useEffect(() => {
    if (!told || told.tone === 'bad') return undefined;
    const timer = setTimeout(() => notice.set(null), 8_000);
    return () => clearTimeout(timer);
  }, [told]);
  return (
    <div class="notices" role="status" aria-live="polite">
      {told && <p class={`notice ${told.tone}`}>{told.text} <button type="button" class="plain" onClick={() => notice.set(null)}>{t.dialog.close}</button></p>}
    </div>
  );
}
