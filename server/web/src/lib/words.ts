// Words for what the API names.

import type { Alert, DriftName, Evidence, ExemptionKind, Maturity, ResponseName, Severity, VerdictName } from './types';

export type Tone = 'critical' | 'high' | 'medium' | 'low' | 'info' | 'ok';

export const VERDICTS: Record<VerdictName, { label: string; tone: Tone; says: string }> = {
  genuine: { label: 'Genuine', tone: 'ok', says: 'The subject is at the controls.' },
  learning: { label: 'Learning', tone: 'info', says: 'The profile is not mature yet.' },
  not_scorable: { label: 'Not scorable', tone: 'info', says: 'Too little input, or input that cannot be judged.' },
  silent: { label: 'Silent', tone: 'low', says: 'The agent stopped while the session lives.' },
  suspicious: { label: 'Suspicious', tone: 'medium', says: 'Doubt, and not enough to act on.' },
  automation: { label: 'Automation', tone: 'high', says: 'A device or a program types or moves the pointer.' },
  different_person: { label: 'Different person', tone: 'critical', says: 'Someone else is at the controls.' },
};

export const SEVERITIES: Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

export const AT_RISK: VerdictName[] = ['different_person', 'automation', 'suspicious'];

/** What an alert is about, in a few words. */
export function headline(of: Pick<Alert, 'verdict' | 'cause'>): string {
  if (of.verdict === 'automation') return 'A machine is at work';
  if (of.verdict === 'silent') return 'The agent went silent';
  if (of.verdict === 'suspicious') return 'Someone else may be there';
  return of.cause === 'credential' ? 'Someone else logged on' : 'Someone else took over';
}

export const KIND: Record<string, string> = {
  takeover: 'Takeover',
  credential: 'Stolen credentials',
  automation: 'Injection',
  silent: 'Silent agent',
};

/** The kind of attack that an alert stands for. */
export function kind(of: Pick<Alert, 'verdict' | 'cause'>): string {
  return KIND[of.cause ?? of.verdict] ?? VERDICTS[of.verdict].label;
}

const FAMILIES: Record<string, [string, string]> = {
  hold: ['Key hold', 'How long keys are held'],
  down_down: ['Press to press', 'Time from one press to the next'],
  up_down: ['Release to press', 'Time from a release to the next press'],
  rollover: ['Overlap', 'How often keys overlap'],
  habit: ['Habit', 'Habits of using keyboard, pointer and devices'],
  stroke_time: ['Stroke time', 'How long pointer strokes take'],
  stroke_speed: ['Stroke speed', 'How fast pointer strokes are'],
  stroke_shape: ['Stroke shape', 'How straight and long pointer strokes are'],
  rest: ['Rest', 'Rests between and after strokes'],
  click: ['Click', 'How clicks are made'],
  drag: ['Drag', 'How things are dragged'],
  wheel: ['Wheel', 'How the wheel is used'],
  touch_time: ['Touch time', 'How long fingers stay on the screen'],
  touch_length: ['Touch length', 'How far fingers go'],
  touch_speed: ['Touch speed', 'How fast fingers are'],
  touch_direction: ['Touch direction', 'Which way fingers go'],
  touch_curve: ['Touch curve', 'How fingers turn'],
  touch_pressure: ['Touch pressure', 'How hard fingers press'],
  touch_ends: ['Touch ends', 'How fingers land and lift off'],
};

export function family(of: string): { label: string; says: string } {
  const [label, says] = FAMILIES[of] ?? [plain(of), ''];
  return { label, says };
}

/** How many times likelier one side is than the other. */
export function odds(llr: number): string {
  const times = Math.exp(Math.abs(llr));
  if (times >= 1e6) return 'over a million times';
  if (times >= 1000) return `${(Math.round(times / 100) * 100).toLocaleString('en')} times`;
  if (times >= 10) return `${Math.round(times)} times`;
  if (times < 1.15) return 'as';
  return `${times.toFixed(1)} times`;
}

export function weighs(of: Evidence): string {
  if (odds(of.llr) === 'as') return 'speaks for neither';
  return `${odds(of.llr)} likelier ${of.llr < 0 ? 'someone else' : 'the subject'}`;
}

export const EVENTS: Record<string, { label: string; mark: boolean }> = {
  opened: { label: 'Session opened', mark: false },
  closed: { label: 'Session closed', mark: false },
  locked: { label: 'Locked', mark: true },
  unlocked: { label: 'Unlocked', mark: true },
  injected: { label: 'Input injected by a program', mark: true },
  keyboard_added: { label: 'New keyboard', mark: true },
  pointer_added: { label: 'New pointing device', mark: true },
  impossible_interval: { label: 'Keys faster than hands', mark: true },
  machine_keys: { label: 'Keys timed as by a machine', mark: true },
  machine_pointer: { label: 'Pointer moved as by a machine', mark: true },
  replayed: { label: 'Input repeats itself exactly', mark: true },
  assisted: { label: 'Software that types for people', mark: true },
};

export function event(of: string): { label: string; mark: boolean } {
  return EVENTS[of] ?? { label: plain(of), mark: true };
}

export const RESPONSES: Record<ResponseName, { label: string; does: string }> = {
  record: { label: 'Record', does: 'The verdict is kept. Nobody at the workstation notices.' },
  notify: { label: 'Notify', does: 'The person at the workstation reads a notice and can carry on.' },
  step_up: { label: 'Step-up', does: 'The workstation asks the person there to confirm who they are.' },
  lock: { label: 'Lock', does: 'The workstation is locked until the subject unlocks it.' },
};

export const WITHHELD: Record<string, string> = {
  quiet_group: 'the device’s group is left alone',
  exempt_subject: 'the subject is exempt',
  too_late: 'the verdict came too late, or the device’s clock is slow',
  profile_not_mature: 'the profile is not mature',
  within_an_hour: 'the session was interrupted within the last hour',
};

export const OUTCOMES: Record<string, string> = {
  done: 'done',
  failed: 'tried in vain',
  not_supported: 'not supported on this system',
  session_over: 'the session was over',
};

export const RESOLUTIONS: Record<string, { label: string; says: string }> = {
  confirmed: { label: 'Confirmed', says: 'It was someone or something else. The session never teaches the profile.' },
  false_alarm: { label: 'False alarm', says: 'It was the subject. Doubt is lifted and the session may teach again.' },
  test: { label: 'Test', says: 'It was an exercise. Nothing is learned from it.' },
};

/** As much as others need to know. */
export const EXEMPTIONS: Record<ExemptionKind, { label: string; says: string }> = {
  agreement: { label: 'Agreement', says: 'Agreed, with no reason to be given.' },
  injury: { label: 'Injury', says: 'Types or points differently for now.' },
  assistive_technology: { label: 'Assistive technology', says: 'Works with software or devices that type or point for people.' },
};

/** How far a profile has moved from what it was founded on, the nearest first. */
export const DRIFTS: Record<DriftName, { label: string; tone: Tone; says: string }> = {
  steady: { label: 'Steady', tone: 'ok', says: 'what was learned since is like what the profile was founded on.' },
  drifting: {
    label: 'Drifting',
    tone: 'low',
    says: 'what was learned since lies further from what the profile was founded on than a person’s days usually lie apart.',
  },
  changed: {
    label: 'Changed',
    tone: 'medium',
    says: 'what was learned since lies as far from what the profile was founded on as another person would.',
  },
};

/** The furthest that any modality has moved; nothing if that cannot be told of any. */
export function furthest(profile: Maturity[]): DriftName | null {
  const told = Object.keys(DRIFTS) as DriftName[];
  return told.findLast((name) => profile.some((of) => of.drift === name)) ?? null;
}

export const MODALITIES: Record<string, string> = { keyboard: 'Keyboard', pointer: 'Pointer', touch: 'Touch' };

/** A name of the API in plain words. */
export function plain(name: string): string {
  const text = name.replaceAll('_', ' ').replaceAll('.', ' ');
  return (text.charAt(0).toUpperCase() + text.slice(1)).replace(/^Api /, 'API ');
}

/** Enough of an id or pseudonym to tell it from others on the page. */
export function short(id: string): string {
  if (id.startsWith('s_')) return id.slice(0, 10);
  return /^[0-9a-f]{8}-/.test(id) ? id.slice(-8) : id;
}

export function trust(of: number | null | undefined): string {
  if (of === null || of === undefined) return '–';
  if (of < 1) return of.toFixed(1);
  if (of > 99 && of < 100) return of > 99.9 ? '>99.9' : of.toFixed(1);
  return String(Math.round(of));
}

/** Who did something, without the parts nobody reads. */
export function who(name: string | null | undefined): string {
  if (!name) return 'nobody';
  if (name.startsWith('key:')) return `API key ${short(name.slice(4))}`;
  return name.replace(/^user:/, '');
}
