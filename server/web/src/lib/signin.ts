// Finding out who one is.

import { get, Problem, forget } from './api';
import { auth, type Me } from './auth.svelte';
import type { Role } from './types';

/** Signs in with the key or cookie at hand. Throws the server's refusal. */
export async function recognise(): Promise<void> {
  forget();
  auth.me = await whoAmI();
  auth.note = null;
}

interface MeAnswer {
  name?: string;
  role?: Role;
}

async function whoAmI(): Promise<Me> {
  try {
    const me = await get<MeAnswer>('/v1/me');
    return { name: me.name ?? 'signed in', role: me.role ?? null };
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
  }
  // A server that does not say: any list that every role may read tells whether the key serves.
  await get('/v1/subjects?limit=1');
  return { name: 'API key', role: null };
}
