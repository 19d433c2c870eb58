-- Alerts: what someone has to look at, made in the transaction of the verdict that calls for it.

create table alert (
    id uuid primary key,
    session_id uuid not null references session on delete cascade,
    subject_id uuid not null references subject on delete cascade,
    device_id uuid not null references device,
    verdict text not null check (verdict in ('different_person', 'automation', 'silent')),
    -- Of the latest verdict that has one.
    cause text check (cause in ('takeover', 'credential')),
    -- 0 info, 1 low, 2 medium, 3 high, 4 critical; the highest that any of its verdicts had.
    severity smallint not null check (severity between 0 and 4),
    state text not null default 'open' check (state in ('open', 'acknowledged', 'resolved')),
    resolution text check (resolution in ('confirmed', 'false_alarm', 'test')),
    -- Server clock, as all times here.
    opened_at timestamptz not null,
    last_verdict_at timestamptz not null,
    -- Verdicts so far.
    verdicts integer not null check (verdicts > 0),
    -- Places in the session of the first and the latest of them.
    first_sequence bigint not null,
    last_sequence bigint not null,
    lowest_trust real,
    -- Of the latest.
    reason text not null,
    evidence jsonb not null,
    assignee text,
    acknowledged_at timestamptz,
    acknowledged_by text,
    resolved_at timestamptz,
    resolved_by text,
    changed_at timestamptz not null,
    -- Transaction that changed it last: see verdict.tx.
    changed_tx xid8 not null default pg_current_xact_id(),
    check ((state = 'resolved') = (resolution is not null)),
    check ((state = 'resolved') = (resolved_at is not null))
);
-- One that is not resolved a session and kind.
create unique index alert_standing on alert (session_id, verdict) where state <> 'resolved';
create index alert_by_session on alert (session_id, verdict, opened_at desc);
create index alert_by_opened on alert (opened_at desc, id desc);
create index alert_by_subject on alert (subject_id, opened_at desc);
create index alert_by_device on alert (device_id, opened_at desc);
create index alert_by_state on alert (state, opened_at desc, id desc) where state <> 'resolved';
create index alert_by_change on alert (changed_tx, id);

-- What people wrote beside an alert. Append-only, as long as the alert is kept.
create table alert_note (
    id uuid primary key,
    alert_id uuid not null references alert on delete cascade,
    written_at timestamptz not null,
    written_by text not null,
    text text not null
);
create index alert_note_by_alert on alert_note (alert_id, written_at, id);
create trigger alert_note_is_append_only before update on alert_note
    for each statement execute function refuse_change();

-- Responses that people ask for by hand: who, and why. Null for those that policy made.
alter table directive add column asked_by text;
alter table directive add column asked_because text;
alter table directive add constraint directive_asked check ((asked_by is null) = (asked_because is null));
