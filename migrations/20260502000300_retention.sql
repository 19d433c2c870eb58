-- How long things are kept: windows by the day, so that a day goes by dropping a table.

-- By when the server took it, not by the device's clock, which may be anything. No foreign key: making a partition would lock
-- `session` against the input that is being written; sessions are kept no shorter than windows.
create table feature_window_by_day (
    session_id uuid not null,
    sequence bigint not null,
    at timestamptz not null,
    modality text not null,
    inputs integer not null,
    active_ms integer not null,
    -- The tacit.v1.Window message, encrypted like a profile.
    body bytea not null,
    recorded_at timestamptz not null default now(),
    -- That a record is taken once is seen to by the session's `last_sequence`, under its lock.
    primary key (session_id, sequence, recorded_at)
) partition by range (recorded_at);
-- What has no day of its own: windows from before, and those of a day for which no table was made in time.
create table feature_window_default partition of feature_window_by_day default;
insert into feature_window_by_day (session_id, sequence, at, modality, inputs, active_ms, body, recorded_at)
    select session_id, sequence, at, modality, inputs, active_ms, body, least(at, now()) from feature_window;
drop table feature_window;
alter table feature_window_by_day rename to feature_window;
alter index feature_window_by_day_pkey rename to feature_window_pkey;

-- Verdicts and sessions go row by row: a verdict is one of its session's by a unique index that a partition's key would have to be
-- part of, and the cursor goes by transaction.
create index session_by_closed on session (closed_at) where closed_at is not null;
