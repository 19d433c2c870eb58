// What the REST API answers, as far as it is shown. Times are RFC 3339.

export type VerdictName =
  'learning' | 'genuine' | 'suspicious' | 'different_person' | 'automation' | 'not_scorable' | 'silent';
export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';
export type Role = 'admin' | 'analyst' | 'viewer' | 'privacy' | 'service';
export type Modality = 'keyboard' | 'pointer' | 'touch';
export type ResponseName = 'record' | 'notify' | 'step_up' | 'lock';

export interface Evidence {
  family: string;
  /** Natural logarithm; negative speaks against the subject. */
  llr: number;
  words: string;
}

export interface Verdict {
  id: number;
  session_id: string;
  subject_id: string;
  device_id: string;
  sequence: number;
  at: string;
  recorded_at: string;
  verdict: VerdictName;
  cause: string | null;
  trust: number | null;
  llr: number | null;
  reason: string;
  evidence: Evidence[];
}

export interface Session {
  id: string;
  device_id: string;
  subject_id: string;
  remote: boolean;
  opened_at: string;
  closed_at: string | null;
  ended_by_silence: boolean;
  held_back: boolean;
  locked: boolean;
  last_sequence: number;
  verdict: VerdictName | null;
  trust: number | null;
  verdict_at: string | null;
}

export interface Alert {
  id: string;
  session_id: string;
  subject_id: string;
  device_id: string;
  group: string;
  verdict: VerdictName;
  cause: string | null;
  severity: Severity;
  state: 'open' | 'acknowledged' | 'resolved';
  resolution: 'confirmed' | 'false_alarm' | 'test' | null;
  opened_at: string;
  last_verdict_at: string;
  verdicts: number;
  first_sequence: number;
  last_sequence: number;
  lowest_trust: number | null;
  reason: string;
  evidence: Evidence[];
  assignee: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  resolved_at: string | null;
  resolved_by: string | null;
  changed_at: string;
}

export interface AlertDetail extends Alert {
  session: Session;
  notes: { id: string; written_at: string; written_by: string; text: string }[];
  earlier: Alert[];
}

export type Entry =
  | { kind: 'window'; sequence: number; at: string; modality: Modality; inputs: number; active_ms: number }
  | { kind: 'event'; sequence: number; at: string; event: string; count: number }
  | ({ kind: 'verdict' } & Pick<
      Verdict,
      'sequence' | 'at' | 'verdict' | 'cause' | 'trust' | 'llr' | 'reason' | 'evidence'
    >);
export type VerdictEntry = Extract<Entry, { kind: 'verdict' }>;
export type EventEntry = Extract<Entry, { kind: 'event' }>;
export type WindowEntry = Extract<Entry, { kind: 'window' }>;

export interface Directive {
  id: string;
  sequence: number;
  verdict: VerdictName;
  group: string;
  policy_version: number;
  response: ResponseName;
  withheld: string | null;
  asked_by?: string | null;
  asked_because?: string | null;
  created_at: string;
  expires_at: string;
  acknowledged_at: string | null;
  outcome: string | null;
  acted_at: string | null;
  detail: string | null;
}

export interface Device {
  id: string;
  name: string | null;
  os: string;
  os_version: string;
  agent_version: string;
  group: string;
  enrolled_at: string;
  last_seen_at: string | null;
  capture: 'running' | 'failed' | 'paused' | 'off' | null;
  spooled: number | null;
  lost: number | null;
  revoked_at: string | null;
}

/** As it is listed: the token itself is shown once, when it is made. */
export interface EnrolmentToken {
  id: string;
  uses_left: number;
  group: string;
  created_at: string;
  created_by: string | null;
  expires_at: string;
  revoked_at: string | null;
}

export type DriftName = 'steady' | 'drifting' | 'changed';

export interface Maturity {
  modality: Modality;
  sessions: number;
  inputs: number;
  mature: boolean;
  /** How far it has moved from what it was founded on; null until that can be told, and for some roles. */
  drift: DriftName | null;
}

export interface Subject {
  id: string;
  pseudonym: string;
  created_at: string;
  /** Since when nothing is made of the subject's input; null if it is. */
  restricted_at: string | null;
  profile: Maturity[] | null;
}

export type ExemptionKind = 'injury' | 'assistive_technology' | 'agreement';

export interface Exemption {
  id: string;
  subject_id: string;
  kind: ExemptionKind;
  made_at: string;
  made_by: string;
  until: string;
  ended_at: string | null;
  ended_by: string | null;
}

export interface Policy {
  mode: 'observe' | 'notify' | 'step_up' | 'lock';
  verdicts: Record<'suspicious' | 'different_person' | 'automation' | 'not_scorable' | 'silent', ResponseName>;
  false_locks_per_worker_day: number | null;
  assistive_software: 'allowed' | 'forbidden' | null;
  automation_strength: number | null;
  quiet: boolean;
  enrolment_guard: string;
  enrolment_guard_days: number | null;
  longest_pause_minutes: number | null;
}

export interface PolicyVersion {
  version: number;
  policy: Policy;
  different_person_below: number;
  made_at: string | null;
  made_by: string | null;
  reason: string | null;
}

export interface Group {
  group: string;
  devices: number;
  current: PolicyVersion;
}
