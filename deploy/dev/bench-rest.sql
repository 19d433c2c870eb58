-- What `bench-rest` measures on: a fleet's verdicts of 89 days, in office hours, and the alerts they gave rise to. The same in every run.
-- Variable n: how many verdicts.
set session_replication_role = replica; -- Nobody is to be told, and every reference is right by construction.
set synchronous_commit = off;
set max_parallel_workers_per_gather = 0; -- Random numbers in one order.
select setseed(0.25) \g /dev/null

insert into policy_group values ('sales'), ('support'), ('engineering'), ('operations'), ('warehouse'), ('finance'), ('research'),
    ('legal'), ('board');
-- A third in the first groups, a handful in the last: names in the order of size.
insert into device (id, public_key, name, os, os_version, agent_version, enrolled_at, last_seen_at, capture, group_name)
    select md5('device ' || g)::uuid, decode(md5('key ' || g) || md5(g || ' key'), 'hex'), 'desk-' || g,
           (array['linux', 'windows', 'macos'])[1 + g % 3], '12', '0.1.0', now() - interval '90 days', now(), 'running',
           case when g <= 3 then 'board'
                else (array['default', 'sales', 'support', 'engineering', 'operations', 'warehouse', 'finance', 'research', 'legal'])
                     [1 + floor(9 * random() ^ 2)::int] end
    from generate_series(1, 1200) g;
insert into subject (id, pseudonym, created_at)
    select md5('subject ' || g)::uuid, 'subject-' || g, now() - interval '90 days' from generate_series(1, 1000) g;

-- Most people work at one desk, some at those of others; few on weekends.
create unlogged table bench_session as
    select g, md5('session ' || g)::uuid as id, md5('subject ' || who)::uuid as subject_id,
           md5('device ' || case when random() < 0.9 then who else 1 + floor(1200 * random())::int end)::uuid as device_id,
           day - case when extract(isodow from day) > 5 and random() < 0.95 then interval '2 days' else interval '0' end
               + interval '7 hours' + random() * interval '9 hours' as opened_at,
           1 + floor(80 * random())::int as length, random() as fate, extract(day from now() - day) as ago
    from (select g, 1 + floor(1000 * random())::int as who,
                 date_trunc('day', now(), 'UTC') - (1 + floor(86 * random())) * interval '1 day' as day
          from generate_series(1, :n / 40) g) drawn;

create unlogged table bench_verdict as
    select row_number() over (order by recorded_at desc) as n, drawn.* from (
        select id as session_id, subject_id, device_id, 2 * k as sequence, at, at + random() * interval '2 seconds' as recorded_at,
               case when fate < 0.006 and k > length / 2 then 'different_person'
                    when fate between 0.006 and 0.008 and k > 3 then 'different_person'
                    when fate between 0.008 and 0.011 and k > length / 2 then 'automation'
                    when fate between 0.011 and 0.021 and k = length then 'silent'
                    when fate > 0.92 and ago > 70 then 'learning'
                    when chance < 0.05 then 'not_scorable'
                    when chance < 0.07 then 'suspicious'
                    else 'genuine' end as verdict,
               case when fate < 0.006 then 'takeover' else 'credential' end as cause,
               chance
        from (select s.*, k, random() as chance, opened_at + k * interval '75 seconds' + random() * interval '30 seconds' as at
              from bench_session s, generate_series(1, s.length) k) given
    ) drawn;
delete from bench_verdict where n > :n;
create index on bench_verdict (n);
analyze bench_verdict;

insert into session (id, device_id, subject_id, remote, opened_at, closed_at, last_sequence, verdict, trust, verdict_at, heard_at)
    select id, device_id, subject_id, fate > 0.95, opened_at, opened_at + (length + 1) * interval '75 seconds', 2 * length + 1,
           'genuine', 97.5, opened_at + length * interval '75 seconds', opened_at + length * interval '75 seconds'
    from bench_session;

-- As a server writes them: in the order of time, some tens a transaction.
do $$
begin
    for batch in reverse (select max(n) / 40 from bench_verdict) .. 0 loop
        insert into verdict (session_id, sequence, subject_id, device_id, at, recorded_at, verdict, cause, trust, llr, reason, evidence)
            select session_id, sequence, subject_id, device_id, at, recorded_at, verdict,
                   case verdict when 'different_person' then cause end,
                   case verdict when 'genuine' then 90 + 10 * chance when 'suspicious' then 40 + 200 * chance
                                when 'different_person' then 5 * chance when 'automation' then 1 end,
                   case verdict when 'genuine' then 3 + 4 * chance when 'suspicious' then -1 when 'different_person' then -9 - chance end,
                   case verdict when 'genuine' then 'the last ' || 1 + floor(8 * chance) || ' windows fit the profile'
                                when 'different_person' then 'since 4 windows somebody else is at work'
                                when 'automation' then 'a machine types in this window'
                                when 'silent' then 'the agent is silent while the session lives'
                                when 'learning' then 'the profile is not mature'
                                when 'suspicious' then 'the last 2 windows fit the profile less than usual'
                                else 'too little input in this window' end,
                   case when verdict in ('genuine', 'suspicious', 'different_person') then jsonb_build_array(
                       jsonb_build_object('family', 'hold', 'llr', round((4 * chance)::numeric, 3), 'words', 'keys are held as long as usual'),
                       jsonb_build_object('family', 'flight', 'llr', round((2 * chance)::numeric, 3), 'words', 'the next key follows 18 ms sooner than usual'),
                       jsonb_build_object('family', 'speed', 'llr', round((chance - 1)::numeric, 3), 'words', 'the pointer moves somewhat faster than usual'))
                   else '[]' end
            from bench_verdict where n > batch * 40 and n <= batch * 40 + 40 order by n desc;
        commit;
    end loop;
end $$;

insert into alert (id, session_id, subject_id, device_id, verdict, cause, severity, state, resolution, opened_at, last_verdict_at,
                   verdicts, first_sequence, last_sequence, lowest_trust, reason, evidence, resolved_at, changed_at)
    select md5(session_id::text || verdict)::uuid, session_id, subject_id, device_id, verdict, cause,
           case when cause = 'credential' then 4 when verdict = 'silent' then 1 else 3 end,
           case when old then 'resolved' else 'open' end, case when old then 'false_alarm' end,
           opened_at, last_at, verdicts, first_sequence, last_sequence, trust, reason,
           '[{"family": "hold", "llr": -4.5, "words": "keys are held 30 ms longer than usual"}]',
           case when old then last_at + interval '1 hour' end, last_at
    from (select session_id, subject_id, device_id, verdict, max(cause) as cause, min(recorded_at) as opened_at,
                 max(recorded_at) as last_at, max(recorded_at) < now() - interval '10 days' as old, count(*) as verdicts,
                 min(sequence) as first_sequence, max(sequence) as last_sequence, min(trust) as trust, max(reason) as reason
          from verdict where verdict in ('different_person', 'automation', 'silent')
          group by session_id, subject_id, device_id, verdict) alarms;

drop table bench_session, bench_verdict;
vacuum analyze;
checkpoint;
