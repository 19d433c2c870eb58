-- Of how many accounts a device opened its first session lately. Not concurrently, for the reason given in 20260301000001: a row for each
-- account on each device.
create index vouching_by_device on vouching (device_id, since);
