// Who is signed in, and how calls say so: by the cookie of a log-in, which no script can read, or by a key, which lives in memory
// and in this tab's session storage, nowhere else.

import type { Role } from './types';

const KEPT_AS = 'tacit.key';
const INVESTIGATORS: Role[] = ['admin', 'analyst'];

export interface Me {
  name: string;
  role: Role | null;
}

class Auth {
  key = $state<string | null>(sessionStorage.getItem(KEPT_AS));
  /** With a cookie: what calls that change something carry. */
  csrf = $state<string | null>(null);
  me = $state<Me | null>(null);
  /** Why one has to sign in again. */
  note = $state<string | null>(null);

  get signedIn(): boolean {
    return this.me !== null;
  }

  keep(key: string): void {
    this.key = key;
    sessionStorage.setItem(KEPT_AS, key);
  }

  sign(method: string, headers: Headers): void {
    if (this.key) headers.set('authorization', `Bearer ${this.key}`);
    else if (method !== 'GET' && this.csrf) headers.set('x-tacit-csrf', this.csrf);
  }

  expired(): void {
    if (!this.me) return;
    this.leave();
    this.note = 'Your sign-in has ended. Sign in again.';
  }

  leave(): void {
    sessionStorage.removeItem(KEPT_AS);
    this.key = null;
    this.me = null;
    this.csrf = null;
    this.note = null;
  }

  /** Whether the role may; without knowing the role the server decides. */
  may(roles: Role[]): boolean {
    return !this.me?.role || roles.includes(this.me.role);
  }

  get investigates(): boolean {
    return this.may(INVESTIGATORS);
  }

  get administers(): boolean {
    return this.may(['admin']);
  }

  /** Reads the audit log. */
  get protects(): boolean {
    return this.may(['admin', 'privacy']);
  }

  /** Sees alerts, sessions and devices. */
  get reads(): boolean {
    return this.me?.role !== 'privacy';
  }
}

export const auth = new Auth();
