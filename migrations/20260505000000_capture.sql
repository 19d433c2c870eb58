-- Whether an agent sees input, and who keeps it from that. Told anew by every heartbeat.
alter table device add column capture text check (capture in ('running', 'failed', 'paused', 'off'));
update device set capture = case when capturing then 'running' else 'failed' end where capturing is not null;
alter table device drop column capturing;
