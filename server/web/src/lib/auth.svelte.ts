// Who is signed in. Calls say so by the cookie of a log-in, which no script can read; those that change something by a header besides.

import type { Role } from './types';

const INVESTIGATORS: Role[] = ['admin', 'analyst'];

export interface Me {
  name: string;
  role: Role;
}

class Auth {
  /** What calls that change something carry. */
  csrf = $state<string | null>(null);
  me = $state<Me | null>(null);
  /** Why one has to sign in again. */
  note = $state<string | null>(null);

  get signedIn(): boolean {
    return this.me !== null;
  }

  sign(method: string, headers: Headers): void {
    if (method !== 'GET' && this.csrf) headers.set('x-tacit-csrf', this.csrf);
  }

  expired(): void {
    if (!this.me) return;
    this.leave();
    this.note = 'Your sign-in has ended. Sign in again.';
  }

  leave(): void {
    this.me = null;
    this.csrf = null;
    this.note = null;
  }

  /** Whether the role may. */
  may(roles: Role[]): boolean {
    return this.me !== null && roles.includes(this.me.role);
  }

  get investigates(): boolean {
    return this.may(INVESTIGATORS);
  }

  get administers(): boolean {
    return this.may(['admin']);
  }

  /** Sees and makes exemptions, and sees how far profiles have moved. */
  get guards(): boolean {
    return this.may(['admin', 'analyst', 'privacy']);
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
