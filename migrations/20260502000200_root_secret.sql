-- The root secret, from which every key is derived, wrapped by the master key. One row; without one the master key is the root
-- secret itself, as it was before. Servers of the version before go on until the master key is rotated.
create table root_secret (
    one boolean primary key default true check (one),
    wrapped bytea not null,
    wrapped_at timestamptz not null
);
