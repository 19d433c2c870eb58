-- What is told to other systems: written with the verdict in one transaction, kept until each of them has taken it.

create table destination (
    id uuid primary key,
    name text not null unique,
    -- As in target, so that queries need not look into it.
    kind text not null,
    -- Where to and how: {"kind": ..., ...}. Nothing secret.
    target jsonb not null,
    -- Signing keys and credentials, encrypted (AES-256-GCM) under a key that is not in the database.
    secrets bytea not null,
    -- null is all.
    groups text[],
    -- null is all.
    verdicts text[],
    -- 0 info, 1 low, 2 medium, 3 high, 4 critical, as of alerts.
    minimum_severity smallint not null check (minimum_severity between 0 and 4),
    -- Why it is told account names; null: pseudonyms alone.
    names_reason text,
    enabled boolean not null,
    -- Events are kept and not delivered.
    paused boolean not null default false,
    made_at timestamptz not null,
    made_by text not null,
    changed_at timestamptz not null,
    changed_by text not null,
    -- Who delivers to it now, and until when nobody else does.
    lease uuid,
    leased_until timestamptz,
    -- Failures since the last delivery; no attempt before a time.
    failing integer not null default 0,
    not_before timestamptz,
    last_error text,
    last_delivered_at timestamptz,
    -- Since when it says that it is gone for good; a change of it tries again.
    gone_at timestamptz
);

create table outbox (
    -- Within a session it rises in the order of what happened: who enqueues holds the session's row.
    seq bigint generated always as identity primary key,
    -- Ordered by time (UUID version 7); what receivers know the event by.
    id uuid not null unique,
    session_id uuid references session on delete cascade,
    subject_id uuid references subject on delete cascade,
    device_id uuid references device on delete cascade,
    group_name text not null,
    type text not null,
    severity smallint not null check (severity between 0 and 4),
    -- Device clock, where a device told of it.
    at timestamptz not null,
    enqueued_at timestamptz not null,
    -- What happened, without any name.
    body jsonb not null
);
create index outbox_by_enqueued on outbox (enqueued_at);
create index outbox_by_session on outbox (session_id);
create index outbox_by_subject on outbox (subject_id);

create table delivery (
    destination_id uuid not null references destination on delete cascade,
    seq bigint not null references outbox on delete cascade,
    session_id uuid,
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
    attempts integer not null default 0,
    -- No attempt before.
    due_at timestamptz not null,
    -- Since when it waits: from its age on it is dead.
    since timestamptz not null,
    done_at timestamptz,
    error text,
    -- Of several tokens that one event becomes, those that were taken.
    acked text[] not null default '{}',
    primary key (destination_id, seq)
);
create index delivery_due on delivery (destination_id, due_at, seq) where state = 'waiting';
create index delivery_in_session on delivery (destination_id, session_id, seq) where state = 'waiting';
create index delivery_dead on delivery (destination_id, seq) where state = 'dead';
create index delivery_done on delivery (done_at) where state <> 'waiting';
create index delivery_by_seq on delivery (seq);

-- Keys that sign security event tokens: the newest signs, and all are published.
create table signing_key (
    id uuid primary key,
    -- P-256, uncompressed point.
    public_key bytea not null check (octet_length(public_key) = 65),
    -- PKCS #8, encrypted (AES-256-GCM) under a key that is not in the database.
    sealed bytea not null,
    made_at timestamptz not null
);

-- Verdicts told of the session since it was last genuine, the one that stands last.
alter table session add column told text[] not null default '{}';
