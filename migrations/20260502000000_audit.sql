-- What people and the command line did: append-only, each row bound to the one before it.

-- Stands for a subject in the audit log. Nothing else holds it: once the subject is erased, an entry speaks of somebody whom
-- nothing links to anyone.
alter table subject add column audit_ref uuid not null default gen_random_uuid();
create unique index subject_by_audit_ref on subject (audit_ref);

create table audit (
    -- From 1, without a gap.
    seq bigint not null,
    -- Server clock; never before that of the entry before it.
    at timestamptz not null,
    -- `user:SUBJECT OF THE TOKEN`, `key:ID`, `console` for the command line, `server` for the server itself.
    actor text not null,
    role text,
    action text not null,
    -- `KIND:ID`.
    object text not null,
    -- `audit_ref` of the subject whom the act concerned.
    subject uuid,
    -- JSON, kept as text: its bytes are hashed.
    details text not null,
    -- Hash of the entry before it; 32 zero bytes in the first.
    previous bytea not null,
    -- SHA-256 over `previous` and the entry.
    hash bytea not null,
    -- HMAC over `hash` under a key that is not in the database; null if a command had no master key.
    seal bytea,
    primary key (seq, at)
) partition by range (at);
create index audit_by_subject on audit (subject, seq) where subject is not null;

create trigger audit_is_append_only before update or delete on audit for each row execute function refuse_change();
create trigger audit_is_not_truncated before truncate on audit for each statement execute function refuse_change();

-- Where the chain ends, so that missing entries are missed. One row, locked by whoever appends.
create table audit_head (
    one boolean primary key default true check (one),
    seq bigint not null,
    at timestamptz not null,
    hash bytea not null,
    -- HMAC over `seq` and `hash`; null while the last entry has none.
    seal bytea
);
insert into audit_head (seq, at, hash) values (0, 'epoch', decode(repeat('00', 32), 'hex'));

-- The partition of a month, made if it is not there.
create function make_audit_partition(moment timestamptz) returns void language plpgsql as $$
declare
    first timestamptz := date_trunc('month', moment at time zone 'UTC') at time zone 'UTC';
    following timestamptz := (date_trunc('month', moment at time zone 'UTC') + interval '1 month') at time zone 'UTC';
    part text := 'audit_' || to_char(first at time zone 'UTC', 'YYYY_MM');
begin
    if to_regclass(part) is null then
        execute format('create table %I partition of audit for values from (%L) to (%L)', part, first, following);
        -- The one above is for those who name the whole table.
        execute format('create trigger audit_is_not_truncated before truncate on %I '
                       'for each statement execute function refuse_change()', part);
    end if;
end $$;
