-- Hashes of API keys, enrolment tokens and cookies are keyed: HMAC-SHA-256, under a key that is not in the database, of the SHA-256
-- that was kept before.

-- Whether `hash` is. A server does the others at its start; servers of the version before know no key and no token that is done.
alter table api_key add column keyed boolean not null default false;
alter table enrolment_token add column keyed boolean not null default false;
-- They end within hours, and people log in again.
delete from web_session;
