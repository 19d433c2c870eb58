insert into subject values
    ('00000000-0000-0000-0000-0000000000a1', 'subject-one', '2026-03-01 08:00Z'),
    ('00000000-0000-0000-0000-0000000000a2', 'subject-two', '2026-03-01 08:05Z');
insert into profile values
    ('00000000-0000-0000-0000-0000000000a1', 'sealed',
     '[{"modality": "keyboard", "sessions": 3, "inputs": 1800, "mature": true},
       {"modality": "pointer", "sessions": 1, "inputs": 40, "mature": false}]', 3, '2026-03-01 12:00Z');
insert into device (id, public_key, name, os, os_version, agent_version, enrolled_at, last_seen_at, capture, spooled, lost)
values
    ('00000000-0000-0000-0000-0000000000d1', decode(repeat('d1', 32), 'hex'), 'desk-1', 'linux', '12', '0.1.0',
     '2026-03-01 07:00Z', '2026-03-01 12:30Z', 'running', 0, 0),
    ('00000000-0000-0000-0000-0000000000d2', decode(repeat('d2', 32), 'hex'), 'desk-2', 'linux', '12', '0.1.0',
     '2026-03-01 07:01Z', null, null, null, null);
insert into session values
    ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000d1',
     '00000000-0000-0000-0000-0000000000a1', false, '2026-03-01 12:00Z', null, false, 5, 'different_person', 1.5,
     '2026-03-01 12:03Z', null),
    ('00000000-0000-0000-0000-0000000000e2', '00000000-0000-0000-0000-0000000000d2',
     '00000000-0000-0000-0000-0000000000a2', true, '2026-03-01 11:00Z', '2026-03-01 11:30:00.25Z', false, 2, 'learning', null,
     '2026-03-01 11:02Z', null),
    ('00000000-0000-0000-0000-0000000000e3', '00000000-0000-0000-0000-0000000000d1',
     '00000000-0000-0000-0000-0000000000a1', false, '2026-03-01 11:00Z', '2026-03-01 11:40Z', false, 0, null, null, null, null);
update session set held_at = '2026-03-01 11:40Z' where id = '00000000-0000-0000-0000-0000000000e3';
insert into session_event values
    ('00000000-0000-0000-0000-0000000000e1', 1, '2026-03-01 12:00Z', 'opened', 1),
    ('00000000-0000-0000-0000-0000000000e1', 3, '2026-03-01 12:01:30Z', 'injected', 12);
insert into feature_window values
    ('00000000-0000-0000-0000-0000000000e1', 2, '2026-03-01 12:01Z', 'keyboard', 150, 60000, 'sealed'),
    ('00000000-0000-0000-0000-0000000000e1', 4, '2026-03-01 12:02Z', 'pointer', 60, 45000, 'sealed'),
    ('00000000-0000-0000-0000-0000000000e1', 5, '2026-03-01 12:03Z', 'keyboard', 150, 58000, 'sealed');
insert into verdict (session_id, sequence, subject_id, device_id, at, recorded_at, verdict, trust, llr, reason, evidence, cause)
values
    ('00000000-0000-0000-0000-0000000000e1', 2, '00000000-0000-0000-0000-0000000000a1',
     '00000000-0000-0000-0000-0000000000d1', '2026-03-01 12:01Z', '2026-03-01 12:01:01Z', 'genuine', 97.25, 4.5,
     'typing as this person does', '[]', null),
    ('00000000-0000-0000-0000-0000000000e1', 5, '00000000-0000-0000-0000-0000000000a1',
     '00000000-0000-0000-0000-0000000000d1', '2026-03-01 12:03Z', '2026-03-01 12:03:01Z', 'different_person', 1.5, -9.5,
     'typing unlike this person',
     '[{"family": "key_hold", "llr": -6.25, "words": "keys held longer"}]', 'takeover'),
    ('00000000-0000-0000-0000-0000000000e2', 2, '00000000-0000-0000-0000-0000000000a2',
     '00000000-0000-0000-0000-0000000000d2', '2026-03-01 11:02Z', '2026-03-01 11:02:01Z', 'learning', null, null,
     'the profile is not mature', '[]', null);
