-- Requests to models with their answers, whole, as `forge proxy` saw them.
-- Nothing selects from here but the joins that make attempts of them: a
-- capture counts for exports when its outcome is known.

CREATE TABLE captures (
    id                text PRIMARY KEY,
    started_at        timestamptz NOT NULL,
    run_id            text NOT NULL,
    item_id           text,
    attempt_num       integer,
    agent             text,
    purpose           text NOT NULL DEFAULT 'collect' CHECK (purpose IN ('collect', 'evaluate')),
    kind              text NOT NULL,
    status            integer NOT NULL,
    fault             text NOT NULL DEFAULT '',
    whole             boolean NOT NULL, -- the answer came to its end
    route             text NOT NULL DEFAULT '',
    arm               text NOT NULL DEFAULT '',
    probability       double precision NOT NULL DEFAULT 1,
    sticky            text NOT NULL DEFAULT '',
    upstream          text NOT NULL DEFAULT '',
    shadow_of         text,
    escalated_from    text,
    model_asked       text NOT NULL DEFAULT '',
    model_sent        text NOT NULL DEFAULT '',
    model             text,
    stream            boolean NOT NULL DEFAULT false,
    chunks            integer NOT NULL DEFAULT 0,
    before_s          double precision,
    first_s           double precision,
    total_s           double precision,
    finish_reason     text,
    prompt_tokens     integer,
    completion_tokens integer,
    headers           jsonb NOT NULL DEFAULT '{}',
    -- json, not jsonb: as `turns.messages`, keys keep their order.
    request           json,
    response          json,
    -- what is no JSON, as it came
    raw_request       text,
    raw_response      text,
    attempt_id        bigint REFERENCES attempts (id) ON DELETE SET NULL
);
CREATE INDEX captures_keys ON captures (run_id, item_id, attempt_num);
CREATE INDEX captures_started ON captures (started_at);
CREATE INDEX captures_arms ON captures (route, arm) WHERE route <> '';
CREATE INDEX captures_attempt ON captures (attempt_id);

CREATE TABLE outcomes (
    id          text PRIMARY KEY,
    posted_at   timestamptz NOT NULL,
    run_id      text NOT NULL,
    item_id     text NOT NULL,
    attempt_num integer NOT NULL,
    passed      boolean NOT NULL,
    value       double precision NOT NULL,
    told        jsonb NOT NULL DEFAULT '{}',
    attempt_id  bigint REFERENCES attempts (id) ON DELETE SET NULL
);
CREATE INDEX outcomes_keys ON outcomes (run_id, item_id, attempt_num);
CREATE INDEX outcomes_open ON outcomes (id) WHERE attempt_id IS NULL;
