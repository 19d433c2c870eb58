-- By how much a device's clock was ahead of the server's at its latest heartbeat, milliseconds; negative behind.
alter table device add column clock_ahead_ms bigint;
-- Since when its key is its key; null since it was enrolled.
alter table device add column key_since timestamptz;
