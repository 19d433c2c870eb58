// What is new at the server, as it happens: every view that watches asks again when something did.

import { get, Problem, query } from './api';
import type { Verdict } from './types';

const EVERY = 700;
const HIDDEN = 5000;
/** What comes within so many milliseconds of a change is told once. */
const AT_ONCE = 1000;
const BACK_OFF = [1000, 2000, 4000, 8000];
/** Minutes that are counted. */
const MINUTES = 30;

class Live {
  /** The server can be reached. */
  online = $state(true);
  /** Grows with every change that a view may show, once in a while. */
  version = $state(0);
  /** Grows at once when an alert may have changed. */
  alerts = $state(0);
  /** The latest verdicts of this page's life, newest first. */
  recent = $state.raw<Verdict[]>([]);
  /** Verdicts by minute, oldest first, the present one last. */
  minutes = $state.raw<number[]>(new Array(MINUTES).fill(0));
  #counts = new Map<number, number>();
  #running = 0;
  #telling = false;
  #more = false;

  /** Follows the server until the function it gives is called. */
  follow(): () => void {
    const stop = new AbortController();
    const run = ++this.#running;
    void this.#loop(stop.signal, run);
    const counting = setInterval(() => this.#count(), 5000);
    return () => {
      stop.abort();
      clearInterval(counting);
    };
  }

  async #loop(signal: AbortSignal, run: number): Promise<void> {
    let after = 'latest';
    let failed = 0;
    while (!signal.aborted && run === this.#running) {
      try {
        const page = await get<{ verdicts: Verdict[]; next: string }>(
          query('/v1/verdicts', { after, limit: 1000 }),
          signal,
        );
        if (failed > 0) this.#again();
        failed = 0;
        this.online = true;
        after = page.next;
        if (page.verdicts.length > 0) {
          this.alerts++;
          this.#take(page.verdicts);
        }
        if (page.verdicts.length >= 1000) continue;
      } catch (error) {
        if (signal.aborted) return;
        const status = error instanceof Problem ? error.status : 0;
        if (status === 403) return;
        if (status === 400) after = 'latest';
        this.online = status !== 0 && status < 500;
        failed++;
      }
      const wait = failed > 0 ? BACK_OFF[Math.min(failed, BACK_OFF.length) - 1]! : document.hidden ? HIDDEN : EVERY;
      await new Promise((done) => setTimeout(done, wait));
    }
  }

  #take(verdicts: Verdict[]): void {
    for (const verdict of verdicts) {
      const minute = Math.floor(Date.parse(verdict.recorded_at) / 60_000);
      this.#counts.set(minute, (this.#counts.get(minute) ?? 0) + 1);
    }
    this.recent = [...verdicts.toReversed(), ...this.recent].slice(0, 200);
    this.#count();
    this.#changed();
  }

  /** Everything may have changed. */
  #again(): void {
    this.alerts++;
    this.version++;
  }

  /** Tells the views: at once, and once for all that follows within a while. */
  #changed(): void {
    if (this.#telling) {
      this.#more = true;
      return;
    }
    this.version++;
    this.#telling = true;
    setTimeout(() => {
      this.#telling = false;
      if (this.#more) this.#changed();
    }, AT_ONCE);
    this.#more = false;
  }

  #count(): void {
    const now = Math.floor(Date.now() / 60_000);
    this.minutes = Array.from({ length: MINUTES }, (_, i) => this.#counts.get(now - MINUTES + 1 + i) ?? 0);
    for (const minute of this.#counts.keys()) if (minute < now - MINUTES) this.#counts.delete(minute);
  }
}

export const live = new Live();
