-- What subjects can ask for: that nothing more is made of their input, that they are renewed, that they are forgotten.

-- Since when nothing is stored or scored of the subject's input.
alter table subject add column restricted_at timestamptz;
-- Pseudonyms of a subject that was renewed are of a later generation. Few ever are; the highest is asked for at each log-on.
alter table subject add column generation integer not null default 0 check (generation >= 0);
create index subject_by_generation on subject (generation desc);

-- Marks of subjects that were erased: HMAC of the id under a key that is not in the database. Whoever has an id can ask whether it
-- was erased; nobody can tell whom a mark stands for. Servers note them outside of the database too, so that a restored backup
-- forgets again.
create table erasure (
    mark bytea primary key,
    erased_at timestamptz not null
);
