// Calls of the REST API: one place that knows of credentials, entity tags and problems.

import { auth } from './auth.svelte';

/** What the server, or the way to it, answered instead. */
export class Problem extends Error {
  constructor(
    /** 0 when the server cannot be reached. */
    readonly status: number,
    message: string,
    readonly field?: string,
    readonly request?: string,
  ) {
    super(message);
  }
}

const kept = new Map<string, { tag: string; body: unknown }>();
const MOST_KEPT = 200;
const asked = new Map<string, Promise<unknown>>();

/** Forgets every answer, as when someone else signs in. */
export function forget(): void {
  kept.clear();
  asked.clear();
}

async function send(method: string, path: string, init: RequestInit, headers: Headers): Promise<Response> {
  auth.sign(method, headers);
  let response: Response;
  try {
    response = await fetch(path, { ...init, method, headers, cache: 'no-store', credentials: 'same-origin' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem(0, 'The server cannot be reached.');
  }
  if (response.status === 401) auth.expired();
  return response;
}

async function problem(response: Response): Promise<Problem> {
  const said = await response.json().catch(() => ({}));
  const text = said.detail ?? said.title ?? `The server answered ${response.status}.`;
  const field = said.field ?? said.errors?.[0]?.field;
  return new Problem(response.status, text, field, response.headers.get('x-request-id') ?? undefined);
}

/** Reads. An answer that has not changed is the same object as before, and who asks for the same at once shares it. */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  if (signal) return read<T>(path, signal);
  const already = asked.get(path) as Promise<T> | undefined;
  if (already) return already;
  const answer = read<T>(path).finally(() => asked.delete(path));
  asked.set(path, answer);
  return answer;
}

async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const before = kept.get(path);
  const headers = new Headers();
  if (before) headers.set('if-none-match', before.tag);
  const response = await send('GET', path, signal ? { signal } : {}, headers);
  if (response.status === 304 && before) return before.body as T;
  if (!response.ok) throw await problem(response);
  const body = (await response.json()) as T;
  const tag = response.headers.get('etag');
  if (tag) {
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(path, { tag, body });
  }
  return body;
}

/** Acts. */
export async function act<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body: unknown = {}): Promise<T> {
  const headers = new Headers({ 'content-type': 'application/json' });
  const response = await send(method, path, { body: JSON.stringify(body) }, headers);
  if (!response.ok) throw await problem(response);
  const text = await response.text();
  return (text ? JSON.parse(text) : null) as T;
}

/** `path` with the parameters that are given. */
export function query(path: string, params: Record<string, string | number | boolean | null | undefined>): string {
  const given = Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/** Words for what went wrong. */
export function words(error: unknown): string {
  if (error instanceof Problem) {
    if (error.status === 403) return 'Your role does not allow this.';
    const of = error.request && error.status >= 500 ? ` (request ${error.request})` : '';
    return error.message.charAt(0).toUpperCase() + error.message.slice(1) + of;
  }
  return error instanceof Error ? error.message : String(error);
}
