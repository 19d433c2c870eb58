// What happened in a session, told from its timeline.

import { ms, span, timeOfDay } from './clock.svelte';
import { trust } from './words';
import type { Entry, Evidence, VerdictEntry } from './types';

const ACCUSES = new Set(['different_person', 'automation']);

export const isVerdict = (of: Entry): of is VerdictEntry => of.kind === 'verdict';

/** Verdicts that differ from the one before. */
export function changes(verdicts: VerdictEntry[]): VerdictEntry[] {
  return verdicts.filter((of, i) => i === 0 || of.verdict !== verdicts[i - 1]!.verdict || of.cause !== verdicts[i - 1]!.cause);
}

/** In two or three sentences, how a session came to be accused. `from` is the place of the first accusing verdict. */
export function story(entries: Entry[], from?: number): string[] {
  const verdicts = entries.filter(isVerdict);
  const first = verdicts.find((of) => ACCUSES.has(of.verdict) && (from === undefined || of.sequence >= from));
  const told: string[] = [];
  const opened = entries[0];
  if (!first || !opened) return told;
  const fitted = verdicts.filter((of) => of.sequence < first.sequence && of.verdict === 'genuine').at(-1);
  const doubted = verdicts.find(
    (of) => of.verdict === 'suspicious' && of.sequence < first.sequence && (!fitted || of.sequence > fitted.sequence),
  );
  if (first.cause === 'credential') {
    told.push(`The session was opened at ${timeOfDay(opened.at)} and never was like the subject.`);
  } else if (fitted) {
    told.push(
      `Until ${timeOfDay(fitted.at)} the session fitted the subject${fitted.trust === null ? '' : ` (trust ${trust(fitted.trust)})`}.`,
    );
  }
  const added = entries.findLast(
    (of) => of.kind === 'event' && of.event.endsWith('_added') && of.sequence <= first.sequence && ms(first.at) - ms(of.at) < 600_000,
  );
  if (added?.kind === 'event') {
    const what = added.event === 'keyboard_added' ? 'A new keyboard' : 'A new pointing device';
    told.push(`${what} appeared at ${timeOfDay(added.at)}.`);
  }
  if (doubted) told.push(`Doubt arose at ${timeOfDay(doubted.at)}.`);
  const after = fitted ? `, ${span(ms(first.at) - ms(fitted.at))} later,` : '';
  const trusted = first.trust === null ? '' : ` and trust fell to ${trust(first.trust)}`;
  const what = first.verdict === 'automation' ? 'it was clear that a machine types or points' : 'it was clear that someone else works there';
  told.push(`At ${timeOfDay(first.at)}${after} ${what}${trusted}.`);
  return told;
}

/** Evidence of families that machines show in events, where a verdict has none of its own. */
export function strongest(evidence: Evidence[]): number {
  return Math.max(1, ...evidence.map((of) => Math.abs(of.llr)));
}
