// A list of the API, page after page.

import { untrack } from 'svelte';
import { get, query } from './api';
import { live } from './live.svelte';
import { SOON } from './watch.svelte';

type Params = Record<string, string | number | boolean | null | undefined>;

/**
 * The list at a path under a name in its answer. The first page is kept fresh, with every change at the server unless `changes`
 * is false; `more` adds the next one, and stops that.
 */
export function pages<T>(path: string, name: string, params: () => Params, limit = 100, changes = true) {
  let rows = $state.raw<T[]>([]);
  let next = $state.raw<string | null>(null);
  let error = $state.raw<unknown>();
  let loading = $state(true);
  let extended = false;
  /** Of which parameters the rows are. */
  let rowsOf = '';
  let turn = 0;
  let asking: string | null = null;
  let dirty = false;

  /** One question at a time, as in `watch`. */
  async function load(of: Params, after: string | null): Promise<void> {
    const what = JSON.stringify([of, after]);
    if (asking === what) {
      dirty = true;
      return;
    }
    const mine = ++turn;
    asking = what;
    dirty = false;
    try {
      const page = await get<Record<string, unknown>>(query(path, { ...of, limit, after }));
      if (mine !== turn) return;
      const got = page[name] as T[];
      rows = after ? [...rows, ...got] : got;
      next = (page.next as string | null) ?? null;
      rowsOf = JSON.stringify(of);
      error = undefined;
    } catch (problem) {
      if (mine !== turn) return;
      error = problem;
      // Rows that were asked for otherwise are no answer; those that may only be old are.
      if (rowsOf !== JSON.stringify(of)) {
        rows = [];
        next = null;
      }
    }
    loading = false;
    asking = null;
    if (dirty && !extended) await load(of, after);
  }

  let shown = '';
  $effect(() => {
    const of = params();
    if (path === '/v1/alerts') live.alerts;
    else if (changes) live.version;
    const text = JSON.stringify(of);
    const changed = text !== shown;
    shown = text;
    untrack(() => {
      if (changed) {
        extended = false;
        loading = true;
      }
      if (extended) return;
      void load(of, null);
    });
    const timer = setInterval(() => !extended && void load(of, null), path === '/v1/alerts' ? SOON : 15_000);
    return () => clearInterval(timer);
  });

  return {
    get rows() {
      return rows;
    },
    get error() {
      return error;
    },
    get loading() {
      return loading;
    },
    get hasMore() {
      return next !== null;
    },
    async more() {
      // What stands there may be of another question, and so may its next page.
      if (loading || next === null) return;
      extended = true;
      await load(params(), next);
    },
    async again() {
      extended = false;
      await load(params(), null);
    },
  };
}
