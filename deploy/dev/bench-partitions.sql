-- What partitions would do to verdicts: the same million of 89 days in one table and by week, their queries, and letting a day or a week go.
-- After bench-rest.sql, in the same database:
--   deploy/dev/with-postgres sh -c 'psql -q -X -v ON_ERROR_STOP=1 -v n=1000000 -f deploy/dev/bench-rest.sql "$DATABASE_URL" &&
--       psql -q -X -v ON_ERROR_STOP=1 -f deploy/dev/bench-partitions.sql "$DATABASE_URL"'
set session_replication_role = replica;
set max_parallel_workers_per_gather = 0;
set max_parallel_maintenance_workers = 0;

create table parted (like verdict including defaults including identity) partition by range (recorded_at);
do $$
declare first timestamptz := date_trunc('week', (select min(recorded_at) from verdict));
begin
    for week in 0 .. 13 loop
        execute format('create table parted_%s partition of parted for values from (%L) to (%L)', week,
                       first + week * interval '7 days', first + (week + 1) * interval '7 days');
    end loop;
end $$;
insert into parted overriding system value select * from verdict order by tx, id;
-- The first alone must differ: a unique index holds nothing that its partitions' key is not part of.
create unique index on parted (session_id, sequence, recorded_at) where verdict <> 'silent';
create index on parted (session_id, sequence);
create index on parted (tx, id);
create index on parted (recorded_at);
create index on parted (subject_id, tx, id);
create index on parted (device_id, tx, id);
create index on parted (verdict, tx, id) where verdict <> 'genuine' and verdict <> 'learning';
create index on parted (tx, id) where verdict in ('different_person', 'automation', 'silent');
create unique index on parted (id, recorded_at);
vacuum analyze parted;
checkpoint;

create temp table measured (task text, place text, ms double precision);

-- Runs a query of the store many times, each planned for what it asks, and keeps the times. `%1$s` is the table.
create procedure measure(task text, query text) language plpgsql as $$
declare place text; began timestamptz; tx text; id bigint; subject uuid; session uuid; held record;
begin
    perform setseed(0.5);
    for round in 1 .. 200 loop
        select v.tx::text, v.id, v.subject_id, v.session_id into tx, id, subject, session from verdict v
            where v.recorded_at >= now() - random() * interval '88 days' order by v.recorded_at limit 1;
        foreach place in array array['verdict', 'parted'] loop
            began := clock_timestamp();
            for held in execute format(query, place, tx, id, subject, session) loop end loop;
            insert into measured values (task, place, extract(epoch from clock_timestamp() - began) * 1000);
        end loop;
    end loop;
end $$;

call measure('a page of 100 after a cursor', $$select * from %1$s where (tx, id) > (%2$L::xid8, %3$L::bigint)
    and tx < pg_snapshot_xmin(pg_current_snapshot()) order by tx, id limit 100$$);
call measure('the latest page, nothing new', $$select * from %1$s
    where (tx, id) > ((select max(tx) from verdict), 9223372036854775807) and tx < pg_snapshot_xmin(pg_current_snapshot())
    order by tx, id limit 100$$);
call measure('100 of one subject', $$select * from %1$s where (tx, id) > ('0'::xid8, 0) and subject_id = %4$L::uuid
    and tx < pg_snapshot_xmin(pg_current_snapshot()) order by tx, id limit 100$$);
call measure('100 alarms after a cursor', $$select * from %1$s where (tx, id) > (%2$L::xid8, %3$L::bigint)
    and verdict = 'different_person' and tx < pg_snapshot_xmin(pg_current_snapshot()) order by tx, id limit 100$$);
call measure('a session''s timeline', $$select * from %1$s where session_id = %5$L::uuid order by sequence$$);
call measure('one verdict by its id', $$select * from %1$s where id = %3$L::bigint$$);

-- A day of the oldest, in lots, as retention does it, and a week as one table; each made durable.
create temp table let_go (what text, number bigint, ms double precision, wal_kib numeric, dead bigint);
create procedure let_go() language plpgsql as $$
declare began timestamptz; wal pg_lsn; gone bigint; total bigint := 0; day timestamptz; week text;
begin
    day := (select date_trunc('day', min(recorded_at)) + interval '8 days' from verdict);
    delete from verdict where recorded_at < day - interval '1 day';
    commit;
    began := clock_timestamp(); wal := pg_current_wal_insert_lsn();
    loop
        delete from verdict where id in (select id from verdict where recorded_at < day limit 2000);
        get diagnostics gone = row_count;
        total := total + gone;
        commit;
        exit when gone = 0;
    end loop;
    insert into let_go values ('a day in lots of 2,000', total, extract(epoch from clock_timestamp() - began) * 1000,
                               (pg_current_wal_insert_lsn() - wal) / 1024, total);
    commit;
    select inhrelid::regclass::text into week from pg_inherits where inhparent = 'parted'::regclass order by inhrelid offset 1 limit 1;
    execute format('select count(*) from %s', week) into total;
    began := clock_timestamp(); wal := pg_current_wal_insert_lsn();
    execute format('drop table %s', week);
    commit;
    insert into let_go values ('a week''s table', total, extract(epoch from clock_timestamp() - began) * 1000,
                               (pg_current_wal_insert_lsn() - wal) / 1024, 0);
end $$;
vacuum verdict;
call let_go();
\timing on
vacuum verdict;
\timing off

select task, place, round(percentile_cont(0.5) within group (order by ms)::numeric, 3) as p50_ms,
       round(percentile_cont(0.99) within group (order by ms)::numeric, 3) as p99_ms
from measured group by task, place order by min(ctid), place desc;
select what, number, round(ms::numeric, 1) as ms, round(wal_kib) as wal_kib, dead from let_go;
