// Loading what a screen shows, and loading it again.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { returns } from './api.js';
import { useStore } from './use-store.js';

// { data, error, loading, reload }. What was loaded stays while it is loaded again.
export function useLoad(load, inputs, every) {
  const [state, set] = useState({ loading: true });
  const turn = useRef(0);
  const back = useStore(returns);
  const reload = useCallback(async () => {
    const mine = ++turn.current;
    set((old) => ({ ...old, loading: true }));
    try {
      const data = await load();
      if (mine === turn.current) set({ data, loading: false });
    } catch (error) {
      if (mine === turn.current) set((old) => ({ data: old.data, error, loading: false }));
    }
  }, inputs);
  useEffect(() => {
    set({ loading: true });
    reload();
    return () => { turn.current += 1; };
  }, [reload, back]);
  useEffect(() => {
    if (!every) return undefined;
    const timer = setInterval(() => { if (!document.hidden) reload(); }, every);
    return () => clearInterval(timer);
  }, [reload, every]);
  return { ...state, reload };
}

// A list that is loaded page by page: { items, next, more, … } beside what useLoad gives.
export function useList(page, inputs) {
  const first = useLoad(() => page(), inputs);
  const [further, set] = useState({ items: [], next: undefined });
  useEffect(() => set({ items: [], next: undefined }), [first.data]);
  const next = further.next === undefined ? first.data?.next : further.next;
  const more = async () => {
    const told = await page(next);
    set((old) => ({ items: [...old.items, ...told.items], next: told.next ?? null }));
  };
  return { ...first, items: first.data && [...first.data.items, ...further.items], next, more };
}
