-- Policies as data: versions a group, exemptions of subjects, what was directed, what people said of sessions.

create table policy_group (
    name text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$')
);
insert into policy_group values ('default');

-- Append-only: a policy changes by its next version, and each says by whom and why. A group without one has what the
-- server's settings say.
create table policy_version (
    group_name text not null references policy_group,
    version integer not null check (version > 0),
    policy jsonb not null,
    made_at timestamptz not null,
    -- `user:SUBJECT OF THE TOKEN` or `key:ID`.
    made_by text not null,
    reason text not null,
    primary key (group_name, version)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name;
end $$;
create trigger policy_version_is_append_only before update or delete or truncate on policy_version
    for each statement execute function refuse_change();

-- Whose policy a device is under. Servers of the version before write neither column.
alter table enrolment_token add column group_name text not null default 'default' references policy_group;
alter table device add column group_name text not null default 'default' references policy_group;
create index device_by_group on device (group_name);

-- Subjects to whom nothing is done automatically, for a time. The kind says what others need to know and no more: there is
-- no free text, so that no diagnosis can be kept.
create table exemption (
    id uuid primary key,
    subject_id uuid not null references subject on delete cascade,
    kind text not null check (kind in ('injury', 'assistive_technology', 'agreement')),
    made_at timestamptz not null,
    made_by text not null,
    until timestamptz not null,
    ended_at timestamptz,
    ended_by text,
    check (until > made_at)
);
create index exemption_by_subject on exemption (subject_id, until) where ended_at is null;

-- What policy made of a verdict, written with it in one transaction: sent until it is acknowledged or expires, or withheld.
create table directive (
    id uuid primary key,
    session_id uuid not null references session on delete cascade,
    device_id uuid not null references device,
    -- The verdict's place in its session.
    sequence bigint not null,
    verdict text not null,
    group_name text not null,
    -- 0 is what the server's settings say.
    policy_version integer not null,
    response text not null check (response in ('notify', 'step_up', 'lock')),
    -- The rule that kept it from being sent.
    withheld text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    acknowledged_at timestamptz,
    outcome text check (outcome in ('done', 'failed', 'not_supported', 'session_over')),
    -- Device clock.
    acted_at timestamptz,
    detail text
);
create index directive_by_session on directive (session_id, created_at);
create index directive_unacknowledged on directive (expires_at)
    where acknowledged_at is null and withheld is null;

-- What people said of a session's verdicts.
create table feedback (
    id uuid primary key,
    session_id uuid not null references session on delete cascade,
    verdict_id bigint references verdict on delete cascade,
    said text not null check (said in ('false_alarm', 'confirmed')),
    said_at timestamptz not null,
    said_by text not null
);
create index feedback_by_session on feedback (session_id, said_at);
