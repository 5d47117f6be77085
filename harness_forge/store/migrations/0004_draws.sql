-- Which arm of a route a request was given to, written when it was drawn.
-- A capture is written when the answer has ended, so a test that reads only
-- captures sees a fast arm's requests before a slow arm's.

CREATE TABLE draws (
    id          text PRIMARY KEY, -- of the capture, once there is one
    drawn_at    timestamptz NOT NULL,
    run_id      text NOT NULL,
    item_id     text,
    attempt_num integer,
    route       text NOT NULL,
    arm         text NOT NULL,
    probability double precision NOT NULL,
    sticky      text NOT NULL DEFAULT ''
);
CREATE INDEX draws_route ON draws (route);
