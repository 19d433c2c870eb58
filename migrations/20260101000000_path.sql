-- Devices, subjects, sessions, windows, profiles and verdicts: the path from a window to a verdict.

-- A person, known by a pseudonym: HMAC-SHA-256 of the directory name under a key that is not in the database.
create table subject (
    id uuid primary key,
    pseudonym text not null unique,
    created_at timestamptz not null
);

-- The directory name, encrypted (AES-256-GCM) under a key that is not in the database. Kept apart from all else.
create table subject_name (
    subject_id uuid primary key references subject on delete cascade,
    ciphertext bytea not null
);

create table enrolment_token (
    id uuid primary key,
    -- SHA-256 of the token; a token has 256 random bits, so that a fast hash is enough.
    hash bytea not null unique,
    uses_left integer not null check (uses_left >= 0),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);

create table device (
    id uuid primary key,
    public_key bytea not null unique check (octet_length(public_key) = 32),
    name text not null,
    os text not null,
    os_version text not null,
    agent_version text not null,
    enrolled_at timestamptz not null,
    enrolled_with uuid references enrolment_token,
    last_seen_at timestamptz,
    capturing boolean,
    spooled integer,
    lost integer,
    revoked_at timestamptz
);
create index device_by_revoked on device (revoked_at) where revoked_at is not null;

create table session (
    id uuid primary key,
    device_id uuid not null references device,
    subject_id uuid not null references subject,
    remote boolean not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    locked boolean not null default false,
    -- Highest sequence committed; a later record carries a higher one.
    last_sequence bigint not null,
    -- The latest verdict's columns, so that a list of sessions is one query.
    verdict text,
    trust real,
    verdict_at timestamptz,
    -- The engine's session state, encrypted like a profile; null once closed.
    state bytea
);
create index session_by_subject on session (subject_id, opened_at desc);
create index session_by_device on session (device_id, opened_at desc);
create index session_by_opened on session (opened_at desc, id);

-- What the agent reported of a session besides windows: opened, closed, locked, unlocked, signals.
create table session_event (
    session_id uuid not null references session on delete cascade,
    sequence bigint not null,
    at timestamptz not null,
    kind text not null,
    count integer not null default 1,
    primary key (session_id, sequence)
);

create table feature_window (
    session_id uuid not null references session on delete cascade,
    sequence bigint not null,
    at timestamptz not null,
    modality text not null,
    inputs integer not null,
    active_ms integer not null,
    -- The tacit.v1.Window message, encrypted like a profile.
    body bytea not null,
    primary key (session_id, sequence)
);

create table profile (
    subject_id uuid primary key references subject on delete cascade,
    -- The engine's profile, encrypted (AES-256-GCM) under a key that is not in the database.
    body bytea not null,
    -- [{modality, sessions, inputs, mature}], so that a profile's state is read without its key.
    maturity jsonb not null,
    version bigint not null,
    updated_at timestamptz not null
);

create table verdict (
    id bigint generated always as identity primary key,
    -- Transaction that wrote it: a reader sees only transactions older than every running one, so that a cursor on
    -- (tx, id) never passes over a verdict that commits late.
    tx xid8 not null default pg_current_xact_id(),
    session_id uuid not null references session on delete cascade,
    sequence bigint not null,
    subject_id uuid not null references subject,
    device_id uuid not null references device,
    at timestamptz not null,
    recorded_at timestamptz not null,
    verdict text not null,
    trust real,
    llr real,
    reason text not null,
    evidence jsonb not null,
    unique (session_id, sequence)
);
create index verdict_by_tx on verdict (tx, id);

create table api_key (
    id uuid primary key,
    -- First characters of the key, shown in lists.
    prefix text not null,
    -- SHA-256 of the key; a key has 256 random bits, so that a fast hash is enough.
    hash bytea not null unique,
    name text not null,
    role text not null check (role in ('admin', 'analyst', 'viewer', 'privacy', 'service')),
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz
);

-- Identifiers of device assertions seen, until they expire: an assertion serves once.
create table assertion_seen (
    jti uuid primary key,
    expires_at timestamptz not null
);

-- Sealed under the master key when the database was first used, so that a server with another master key refuses to start
-- instead of writing what nobody can read. One row.
create table master_key_check (
    one boolean primary key default true check (one),
    sealed bytea not null
);
