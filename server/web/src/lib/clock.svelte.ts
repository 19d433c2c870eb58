// Now, as the page shows it, and times in words.

class Clock {
  now = $state(Date.now());

  constructor() {
    setInterval(() => {
      this.now = Date.now();
    }, 1000);
  }
}

export const clock = new Clock();

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const DAY_OF_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const SHORT = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

export const ms = (at: string): number => Date.parse(at);

export function timeOfDay(at: string | number): string {
  return TIME.format(new Date(at));
}

export function day(at: string | number): string {
  return DAY.format(new Date(at));
}

/** Day and time; the day of today and the year of this year go without saying. */
export function moment(at: string | number, seconds = true): string {
  const [date, today] = [new Date(at), new Date()];
  const time = (seconds ? TIME : SHORT).format(date);
  if (date.toDateString() === today.toDateString()) return time;
  return `${(date.getFullYear() === today.getFullYear() ? DAY : DAY_OF_YEAR).format(date)}, ${time}`;
}

export function full(at: string | number): string {
  return FULL.format(new Date(at));
}

/** A length of time in its largest units. */
export function span(milliseconds: number): string {
  const s = Math.max(0, Math.round(milliseconds / 1000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} min`;
  const h = Math.floor(m / 60);
  if (h < 48) return m % 60 && h < 10 ? `${h} h ${m % 60} min` : `${h} h`;
  return `${Math.floor(h / 24)} days`;
}

export function ago(at: string | number, now: number): string {
  const passed = now - new Date(at).getTime();
  if (passed < 2000) return 'just now';
  return `${span(passed)} ago`;
}
