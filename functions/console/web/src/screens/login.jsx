// The way in: the operator's own token, or none if the server asks for none.
import { useEffect, useState } from 'preact/hooks';
import { away, claimsOf, ended, get, signIn } from '../api.js';
import { moment } from '../format.js';
import { useStore } from '../use-store.js';
import { t } from '../texts.js';
import { Field } from '../ui.jsx';

const x = t.login;

// A token as it was copied: with `Bearer`, quotes or line ends.
const cleaned = (text) => text.replace(/^\s*(TOKEN=|Bearer\s+)?["']?|["']?\s*$/g, '').replace(/\s+/g, '');

function wrong(token) {
  const claims = claimsOf(token);
  if (token.split('.').length !== 3 || !claims) return x.malformed;
  return claims.exp && claims.exp * 1000 < Date.now() ? x.expired(moment(claims.exp * 1000)) : null;
}

export function Login() {
  const over = useStore(ended);
  const isAway = useStore(away);
  const [token, setToken] = useState('');
  const [error, setError] = useState(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    document.title = `${x.title} · ${t.name}`;
    get('/health', {}, { any: true }).then((health) => setOpen(health?.authentication === 'off'), () => {});
  }, [isAway]);
  // The first screen's questions are the token's trial: if it is refused, this page is back and says so.
  const submit = (event) => {
    event.preventDefault();
    const text = cleaned(token);
    const mistake = wrong(text);
    setError(mistake);
    if (!mistake) signIn(text, false);
  };
  return (
    <main class="login" id="content">
      <h1>{t.name} <span>{t.console}</span></h1>
      {over && <p class="failure" role="alert">{over}</p>}
      <form onSubmit={submit}>
        <Field label={x.token} hint={x.hint}>
          {(id) => <input {...id} type="password" name="token" autocomplete="off" spellcheck={false} required autofocus value={token} onInput={(event) => setToken(event.target.value)} />}
        </Field>
        {error && <p class="failure" role="alert">{error}</p>}
        <button type="submit" class="primary">{x.submit}</button>
      </form>
      {open && <p><button type="button" onClick={() => signIn('', true)}>{x.open}</button> <span class="note">{x.openAbout}</span></p>}
      <p class="note">{x.about}</p>
    </main>
  );
}
