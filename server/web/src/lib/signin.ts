// Signing in and out. The best way that the server has is taken.

import { act, forget, get, Problem } from './api';
import { auth } from './auth.svelte';
import type { Role } from './types';

interface Me {
  name: string;
  role: Role;
  csrf: string | null;
}

const isMissing = (error: unknown): boolean => error instanceof Problem && [404, 405].includes(error.status);

function greet(me: Me): void {
  auth.csrf = me.csrf;
  auth.me = { name: me.name, role: me.role };
  auth.note = null;
}

/** Signs in with the cookie or key at hand. Throws the server's refusal. */
export async function recognise(): Promise<void> {
  forget();
  try {
    greet(await get<Me>('/v1/me'));
  } catch (error) {
    if (!isMissing(error)) throw error;
    // A server that does not say: a list that every role may read tells whether the key serves.
    await get('/v1/subjects?limit=1');
    auth.me = { name: 'API key', role: null };
    auth.note = null;
  }
}

/** Signs in with a key: for a cookie, where the server has that, so that the key need not be kept. */
export async function signIn(key: string): Promise<void> {
  forget();
  try {
    greet(await act<Me>('POST', '/auth/key', { key }));
  } catch (error) {
    if (!isMissing(error)) throw error;
    auth.keep(key);
    await recognise();
  }
}

/** Whether the server sends people to an identity provider. */
export async function hasProvider(): Promise<boolean> {
  const answer = await fetch('/auth/login?to=/', { redirect: 'manual', cache: 'no-store' }).catch(() => null);
  return answer?.type === 'opaqueredirect';
}

export async function signOut(): Promise<void> {
  if (auth.csrf) await act('POST', '/auth/logout').catch(() => {});
  auth.leave();
  forget();
}
