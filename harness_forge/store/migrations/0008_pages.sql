-- What pages of attempts go by: a run's attempts from its newest on, a role's, and the few that
-- have no verdict. Without them all rows are read to find the newest attempt of a run, the names
-- of the roles, or a rare attempt.

CREATE INDEX attempts_run ON attempts (run_id, id);
CREATE INDEX attempts_no_verdict ON attempts (id) WHERE infrastructure;
CREATE INDEX turns_agent ON turns (agent, attempt_id);
