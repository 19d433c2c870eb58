-- People who have logged in with a browser, at the identity provider or with an API key.
create table web_session (
    -- SHA-256 of what the cookie holds, 256 random bits.
    hash bytea primary key,
    -- Logged in at the identity provider: who, and what its claims gave.
    subject text,
    role text check (role in ('admin', 'analyst', 'viewer', 'privacy', 'service')),
    groups text[],
    -- Logged in with a key: what the key may now, as long as it serves.
    key_id uuid references api_key,
    created_at timestamptz not null,
    -- To the minute.
    used_at timestamptz not null,
    expires_at timestamptz not null,
    check ((key_id is null) = (subject is not null) and (key_id is null) = (role is not null))
);
create index web_session_by_expiry on web_session (expires_at);
