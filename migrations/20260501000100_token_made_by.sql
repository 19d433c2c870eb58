-- Who made an enrolment token: `user:SUBJECT OF THE TOKEN` or `key:ID`; null for the command line.
alter table enrolment_token add column created_by text;
