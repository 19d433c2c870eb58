-- Verdicts that call for somebody, in the order of the cursor: a fraction of all, and what is asked for most. Not concurrently, for
-- the reason given in 20260301000001.
create index verdict_alarm_by_tx on verdict (tx, id) where verdict in ('different_person', 'automation', 'silent');
