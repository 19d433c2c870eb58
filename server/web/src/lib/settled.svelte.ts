// What is typed, once the typing rests: so that the server is not asked at every key.

import { untrack } from 'svelte';

/** The value that `value` gives, `rest` milliseconds after it changed last. Nothing takes effect at once. */
export function settled(value: () => string, rest = 250) {
  let now = $state(untrack(value));

  $effect(() => {
    const next = value();
    if (next === untrack(() => now)) return;
    const timer = setTimeout(() => (now = next), next === '' ? 0 : rest);
    return () => clearTimeout(timer);
  });

  return {
    get value() {
      return now;
    },
  };
}

/** The beginning of a name to find by, as the server takes it: 2 to 64 characters, or none. */
export function beginning(text: string | null): string {
  const of = (text ?? '').trim().slice(0, 64);
  return of.length < 2 ? '' : of;
}
