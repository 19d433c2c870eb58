-- A silence has no record of its own: its verdict stands at the session's last one, which may have brought one too.

-- Not concurrently: a server that waits to migrate holds a snapshot that such an index would wait for, while it waits for this
-- one. Verdicts wait until both are made, seconds for some million; agents keep their records meanwhile.
create unique index verdict_by_record on verdict (session_id, sequence) where verdict <> 'silent';
create index verdict_by_session on verdict (session_id, sequence);
-- Last, because it keeps readers out too.
alter table verdict drop constraint verdict_session_id_sequence_key;
