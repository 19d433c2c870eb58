-- How often a receiver has refused an event, apart from how often it was away.
alter table delivery add column refusals integer not null default 0;
