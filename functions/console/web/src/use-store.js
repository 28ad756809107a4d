// A component's look at a store.
import { useEffect, useState } from 'preact/hooks';

export function useStore(one) {
  const [value, set] = useState(one.get());
  useEffect(() => {
    set(one.get());
    return one.watch(set);
  }, [one]);
  return value;
}
