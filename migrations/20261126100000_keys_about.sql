-- What a request with a key is about, so that its answer goes with the subject that it tells of.

-- A subject, or one of its sessions, alerts or exemptions; null for anything else. Servers of the version before do not write it:
-- their answers go after a day.
alter table idempotency add column about uuid;
create index idempotency_by_about on idempotency (about) where about is not null;
