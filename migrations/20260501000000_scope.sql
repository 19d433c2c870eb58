-- Keys limited to groups of devices, who made them, and when they were last used.

-- Null for every group. Servers of the version before know nothing of it: make limited keys once all are of this one.
alter table api_key add column groups text[] check (cardinality(groups) > 0);
-- `user:SUBJECT OF THE TOKEN` or `key:ID`; null for the command line.
alter table api_key add column created_by text;
-- To the minute.
alter table api_key add column last_used_at timestamptz;
