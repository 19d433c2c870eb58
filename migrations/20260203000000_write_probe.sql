-- Written to see whether the database takes writes. One row.
create table write_probe (
    one boolean primary key default true check (one),
    at timestamptz not null
);
