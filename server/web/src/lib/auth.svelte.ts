// Who is signed in, and how calls say so. The key lives in memory and in this tab's session storage, nowhere else.

import type { Role } from './types';

const KEPT_AS = 'tacit.key';
const INVESTIGATORS: Role[] = ['admin', 'analyst'];

export interface Me {
  name: string;
  role: Role | null;
}

class Auth {
  key = $state<string | null>(sessionStorage.getItem(KEPT_AS));
  /** Signed in by a cookie of the identity provider's log-in. */
  cookie = $state(false);
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
    else if (method !== 'GET') headers.set('x-tacit-csrf', '1');
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
    this.cookie = false;
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

  get protects(): boolean {
    return this.may(['admin', 'privacy']);
  }

  /** Sees alerts, sessions and devices. */
  get reads(): boolean {
    return this.me?.role !== 'privacy';
  }
}

export const auth = new Auth();
