-- Stolen credentials: why a verdict is `different_person`, where an account is at work, and whose sessions may teach.

-- `takeover` or `credential`; null for other verdicts and for those of before.
alter table verdict add column cause text check (cause in ('takeover', 'credential'));

-- When the latest window was, by the device's clock. Servers of the version before do not write it.
alter table session add column input_at timestamptz;
-- Since when the closed session is held back: nobody has vouched for its account on its device, and its state is kept to be
-- learned when someone has. Of an open session it says nothing: servers of the version before open one again and leave it.
alter table session add column held_at timestamptz;

-- Not concurrently, for the reason given in 20260301000001: few sessions are open, and none is held back yet.
create index session_open_by_subject on session (subject_id) where closed_at is null;
create index session_held on session (subject_id, device_id) where held_at is not null;

-- An account on a device: whether what is typed there is learned as the subject.
create table vouching (
    subject_id uuid not null references subject on delete cascade,
    device_id uuid not null references device,
    -- The account was seen on no other device before.
    first_device boolean not null,
    -- Server clock, as all times here.
    since timestamptz not null,
    alarm_at timestamptz,
    vouched_at timestamptz,
    vouched_by text check (vouched_by in ('before', 'off', 'first_device', 'time', 'step_up', 'analyst')),
    primary key (subject_id, device_id),
    check ((vouched_at is null) = (vouched_by is null))
);
-- What was learned before there was a guard stays learned.
insert into vouching (subject_id, device_id, first_device, since, vouched_at, vouched_by)
    select subject_id, device_id, false, min(opened_at), now(), 'before' from session group by subject_id, device_id;
