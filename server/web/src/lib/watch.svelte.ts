// An answer of the API that is kept fresh for as long as the component that watches it lives.

import { untrack } from 'svelte';
import { get } from './api';
import { live } from './live.svelte';

/** Between two questions for what colleagues may change: with an entity tag, an answer that is the same costs next to nothing. */
export const SOON = 2000;

export interface Watched<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly loading: boolean;
  again(): Promise<void>;
  /** Puts in place what an act answered. */
  put(data: T): void;
}

/**
 * Watches the path that `path` gives; null is nothing to watch. Asks again with every change at the server, and at least
 * every `every` milliseconds.
 */
export function watch<T>(path: () => string | null, every = 15_000, changes = true): Watched<T> {
  let data = $state.raw<T>();
  let error = $state.raw<unknown>();
  let loading = $state(true);
  let turn = 0;

  let asking: string | null = null;
  let dirty = false;

  /** One question at a time: what changes meanwhile is asked for after the answer, so that answers always arrive. */
  async function ask(at: string | null): Promise<void> {
    if (at === null) return;
    if (asking === at) {
      dirty = true;
      return;
    }
    const mine = ++turn;
    asking = at;
    dirty = false;
    try {
      const answer = await get<T>(at);
      if (mine !== turn) return;
      data = answer;
      error = undefined;
    } catch (problem) {
      if (mine !== turn) return;
      error = problem;
    }
    loading = false;
    asking = null;
    if (dirty) await ask(at);
  }

  $effect(() => {
    const at = path();
    untrack(() => {
      turn++;
      asking = null;
      data = undefined;
      error = undefined;
      loading = at !== null;
    });
    void ask(at);
    const timer = setInterval(() => void ask(at), every);
    return () => clearInterval(timer);
  });

  if (changes) {
    let first = true;
    $effect(() => {
      // Alerts are told of apart, so that they need not wait behind the rest.
      if (untrack(path)?.startsWith('/v1/alerts')) live.alerts;
      else live.version;
      if (first) {
        first = false;
        return;
      }
      void ask(untrack(path));
    });
  }

  return {
    get data() {
      return data;
    },
    get error() {
      return error;
    },
    get loading() {
      return loading;
    },
    again: () => ask(path()),
    put(answer: T) {
      turn++;
      asking = null;
      data = answer;
      error = undefined;
      loading = false;
    },
  };
}
