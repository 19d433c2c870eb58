// Signing in and out.

import { act, forget, get } from './api';
import { auth, type Me as Known } from './auth.svelte';

type Me = Known & { csrf: string | null };

function greet({ csrf, name, role }: Me): void {
  auth.csrf = csrf;
  auth.me = { name, role };
  auth.note = null;
}

/** Signs in with the cookie at hand. Throws the server's refusal. */
export async function recognise(): Promise<void> {
  forget();
  greet(await get<Me>('/v1/me'));
}

/** Signs in with a key, for a cookie: the key need not be kept. */
export async function signIn(key: string): Promise<void> {
  forget();
  greet(await act<Me>('POST', '/auth/key', { key }));
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
