-- What tells server processes that readers may see something new, and answers that are given once.

-- Of changes that are rare. What every batch of records changes is told by the server that wrote it, after its commit: a
-- notification in the transaction would let commits through one by one.
create function tell_change() returns trigger language plpgsql as $$
begin
    perform pg_notify('tacit_changed', tg_argv[0]);
    return null;
end $$;

create trigger alert_tells after insert or update or delete on alert
    for each statement execute function tell_change('alerts');
-- What is deleted: retention and erasure.
create trigger session_tells after delete on session for each statement execute function tell_change('sessions');
create trigger verdict_tells after delete on verdict for each statement execute function tell_change('sessions');
create trigger subject_tells after delete on subject for each statement execute function tell_change('sessions');
create trigger device_tells after insert or delete or update of group_name, revoked_at, name, os_version, agent_version on device
    for each statement execute function tell_change('rest');
create trigger policy_group_tells after insert or delete on policy_group
    for each statement execute function tell_change('rest');
create trigger policy_version_tells after insert on policy_version
    for each statement execute function tell_change('rest');
create trigger exemption_tells after insert or update or delete on exemption
    for each statement execute function tell_change('rest');
create trigger api_key_tells after insert or delete or update of revoked_at, expires_at, role, hash on api_key
    for each statement execute function tell_change('rest');

-- Answers to requests that carry an Idempotency-Key, for a day.
create table idempotency (
    -- Who asked, as kept beside what people do.
    caller text not null,
    key text not null,
    -- SHA-256 of method, path and body.
    request bytea not null check (octet_length(request) = 32),
    asked_at timestamptz not null,
    -- Null while it is being answered.
    status smallint,
    -- Sealed: an answer may hold what is shown once.
    answer bytea,
    primary key (caller, key),
    check ((status is null) = (answer is null))
);
create index idempotency_by_time on idempotency (asked_at);

-- Verdicts of one subject or device behind the cursor. Not concurrently, for the reason given in 20260301000001.
create index verdict_by_subject_tx on verdict (subject_id, tx, id);
create index verdict_by_device_tx on verdict (device_id, tx, id);
create index verdict_by_recorded on verdict (recorded_at);
create index verdict_by_kind_tx on verdict (verdict, tx, id) where verdict <> 'genuine' and verdict <> 'learning';
