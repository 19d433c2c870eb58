-- Sessions that end because nothing more is heard of them.

-- When the server last took a record of the session, by its own clock. Of sessions from before, the time of this migration.
alter table session add column heard_at timestamptz not null default now();
-- Closed for silence, not by the agent: `closed_at` is when it was last heard of, and a later record opens it again. The
-- engine's state is kept if the profile learned nothing of it.
alter table session add column ended_by_silence boolean not null default false;
create index session_open on session (device_id) where closed_at is null;
