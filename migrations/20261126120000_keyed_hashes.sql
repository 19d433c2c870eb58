-- Hashes of API keys, enrolment tokens and cookies are keyed: HMAC-SHA-256, under a key that is not in the database, of their SHA-256.

-- Whether `hash` is; else it is the plain SHA-256. A server keys those at its start; one that keys none knows no key and no token that is.
alter table api_key add column keyed boolean not null default false;
alter table enrolment_token add column keyed boolean not null default false;
-- They end within hours, and people log in again.
delete from web_session;
