// Everything that happened in a session, kept fresh: pages that are full are read once.

import { untrack } from 'svelte';
import { get, query } from './api';
import { live } from './live.svelte';
import type { Entry } from './types';

interface Page {
  entries: Entry[];
  next: string | null;
}

export function timeline(session: () => string | null, open: () => boolean) {
  let entries = $state.raw<Entry[]>([]);
  let error = $state.raw<unknown>();
  let loading = $state(true);
  let turn = 0;
  let done: Entry[] = [];
  let cursor: string | null = null;

  let busy = false;
  let dirty = false;

  /** One question at a time, as in `watch`. */
  async function load(id: string): Promise<void> {
    if (busy) {
      dirty = true;
      return;
    }
    const mine = ++turn;
    busy = true;
    dirty = false;
    try {
      for (;;) {
        const page = await get<Page>(query(`/v1/sessions/${id}/timeline`, { limit: 1000, after: cursor }));
        if (mine !== turn) return;
        const all = [...done, ...page.entries];
        if (all.length !== entries.length || all.at(-1)?.at !== entries.at(-1)?.at) entries = all;
        if (!page.next) break;
        done = all;
        cursor = page.next;
      }
      error = undefined;
    } catch (problem) {
      if (mine !== turn) return;
      error = problem;
    }
    loading = false;
    busy = false;
    if (dirty) await load(id);
  }

  $effect(() => {
    const id = session();
    untrack(() => {
      turn++;
      busy = false;
      done = [];
      cursor = null;
      entries = [];
      error = undefined;
      loading = true;
    });
    if (id) void load(id);
  });

  $effect(() => {
    live.version;
    untrack(() => {
      const id = session();
      if (id && open() && !loading) void load(id);
    });
  });

  return {
    get entries() {
      return entries;
    },
    get error() {
      return error;
    },
    get loading() {
      return loading;
    },
    again() {
      const id = session();
      if (id) void load(id);
    },
  };
}
