"""What `same_bytes.py` asks: how records are read, what else stands in the store, which exports."""

from __future__ import annotations

MAPPING = (
    "source.mapping.item='{job}'",
    "source.mapping.family='{kind}'",
    "source.mapping.run='{night}'",
    "source.mapping.model='{who}'",
    "source.mapping.started_at='{at}'",
    "source.mapping.digest='{check}'",
    "source.mapping.tools='{kit}'",
    "source.mapping.messages='{talk}'",
    "source.mapping.outcome='{light}'",
    "source.mapping.passes_from=0.5",
    "source.mapping.finish_reason='{ended}'",
    "source.max_bad_share=0.2",
)
PLACES = ("forge_home=home", "data_dir=data")
ROLES = ("worker", "architect", "auditor", "reflector", "agent")
LANTERNS = ("skill=recorded", "skill.name=lanterns")
# The two skills that `skill=all` holds make room for ours.
TWO = (
    "skill=all",
    "~skills.stig",
    "~skills.ubuntu",
    *(
        f"skills.{town}.{key}"
        for town in ("lanterns", "orchard")
        for key in (
            f"name={town}",
            f"host={town}",
            "environment=recorded",
            *(f"scap.{one}=''" for one in ("datastream", "profile", "package", "platform")),
        )
    ),
)
SMALL = ("format=dpo", "export.max_pairs_per_item=9")
EXPORTS: dict[str, tuple[str, ...]] = {
    "worker_sft": (),
    "worker_dpo": ("format=dpo",),
    "worker_kto": ("format=kto",),
    "worker_grpo": ("format=grpo",),
    "worker_sharegpt": ("format=sharegpt",),
    "worker_prompt_completion": ("format=prompt_completion",),
    "worker_rejection_sft": ("export=worker_rejection_sft",),
    "worker_rejection_dpo": ("format=dpo", "export=worker_rejection_dpo"),
    "architect_sft": ("role=architect",),
    "architect_alpaca": ("role=architect", "format=alpaca"),
    "auditor_sft": ("role=auditor",),
    "auditor_sharegpt": ("role=auditor", "format=sharegpt"),
    "reflector_sft": ("role=reflector",),
    "reflector_dpo": ("role=reflector", "format=dpo", "export.across_prompts=true"),
    "reflector_kto": ("role=reflector", "format=kto"),
    "reflector_tips_sft": ("role=reflector", "export=reflector_tips_sft"),
    "agent_sft": ("role=agent",),
    "agent_each": ("role=agent", "format.turns=each", "export.name=lanterns_agent_each"),
    "agent_sharegpt": ("role=agent", "format=sharegpt"),
    "agent_dpo": ("role=agent", "format=dpo"),
    "agent_kto": ("role=agent", "format=kto"),
    "agent_alpaca": ("role=agent", "format=alpaca"),
    "agent_prompt_completion": ("role=agent", "format=prompt_completion"),
    "agent_learns_reasoning": (
        "role=agent",
        "export.reasoning=learn",
        "export.late_system=user",
        "export.parallel_calls=reject",
        "export.name=lanterns_agent_reasoning",
    ),
    **{
        f"{role}_{form}": (f"role={role}", f"format={form}")
        for role, forms in {
            "worker": ("alpaca",),
            "architect": ("prompt_completion", "sharegpt"),
            "auditor": ("alpaca", "prompt_completion"),
            "reflector": ("alpaca", "prompt_completion", "sharegpt"),
            "all": ("alpaca", "kto", "prompt_completion", "sharegpt"),
        }.items()
        for form in forms
    },
    "all_sft": ("role=all",),
    "all_dpo": ("role=all", "format=dpo"),
    "all_grpo": ("role=all", "format=grpo"),
    "two_all_sft": (*TWO, "role=all"),
    "two_all_dpo": (*TWO, "role=all", "format=dpo", "exports.reflector.across_prompts=true"),
    "two_all_sharegpt": (*TWO, "role=all", "format=sharegpt"),
    "two_worker_kto": (*TWO, "format=kto"),
}
"""What each shipped export is asked with; the names of its folder follow from it."""
WORKER: dict[str, tuple[str, ...]] = {
    "no_filters": ("filters=none",),
    "kernel": ("filters=kernel", "filters.score_range.reads=outcome"),
    "strict": (
        "filters.repetition.max_bigram_repeat=0.1",
        "filters.length.max_tokens=1500",
        "filters.banned.patterns.first='galba|lunmer'",
    ),
    "balance": ("filters.balance.enabled=true", "filters.balance.max_per_category=5"),
    "mix_in": ("filters.mix_in.enabled=true", "filters.mix_in.path=general.jsonl"),
    "feedback": ("feedback=last", "feedback.minimum=1", "feedback.prior=0.5"),
    "no_near": ("duplicates.near=false",),
    "loose_near": ("duplicates.threshold=0.4", "duplicates.shingle=3"),
    "contaminable": ("contamination.enabled=false",),
    "suite": ("contamination.suites.mine=suite.jsonl",),
    "unredacted": ("redaction=off",),
    "half_redacted": (
        "redaction.kinds.host=false",
        "redaction.domains=[lamps.test]",
        "redaction.allow.net='10\\.20\\..*'",
    ),
    "selected": (
        "export.select.model=[ember-1]",
        "export.select.min_value=0.5",
        "export.select.since=2026-03-03",
        "export.select.until=2026-03-20",
        "export.select.max_attempt=1",
    ),
    "where": (
        "export.where='family = ANY(%(families)s)'",
        "export.params.families=[wick, oil]",
        "export.require.first_try='attempt_num = 1'",
        "export.require.cut_response=null",
    ),
    "fallback": ("export.include_fallback=true",),
    "one_pair": ("format=dpo", "export.max_pairs_per_item=1"),
    "many_pairs": ("format=dpo", "export.max_pairs_per_item=1000", "filters=none"),
    "gzip": ("format.extension=jsonl.gz",),
    "zstd": ("format.extension=jsonl.zst",),
    "parquet": ("format.extension=parquet",),
    "alone": ("engine.workers=0",),
    "by_two": ("engine.workers=2",),
    "seed": ("seed=7", "filters.balance.enabled=true", "filters.balance.max_per_category=5"),
}
"""The worker's export with settings, each in a folder of its own."""
SEED_SQL = """
SET search_path = {skill};
UPDATE runs SET started_at = '2026-03-01T00:00:00Z'::timestamptz + number * interval '1 day'
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM runs) AS n WHERE n.id = runs.id;
UPDATE runs SET policy = 'gold' WHERE id LIKE '%-gold-%';
UPDATE runs SET policy = 'mutated' WHERE id LIKE '%-mutated-%';
UPDATE attempts SET origin = CASE WHEN id % 9 = 0 THEN 'content' ELSE 'ours' END, model = NULL
  WHERE run_id LIKE '%-gold-%';
UPDATE attempts SET origin = 'mutated', variant = 'dropped' WHERE run_id LIKE '%-mutated-%';
INSERT INTO label_flags (target_table, target_id, reason)
  SELECT 'attempts', id, 'doubtful' FROM attempts WHERE id % 17 = 0;
UPDATE splits SET split = 'quarantine'
  WHERE group_key = (SELECT min(group_key) FROM splits WHERE split = 'train');
INSERT INTO runs (id, policy, purpose, status, started_at, ended_at, config)
  SELECT 'eval-' || n, 'model:ember-' || n, 'evaluate', 'complete',
    '2026-04-01T00:00:00Z'::timestamptz + n * interval '1 day', '2026-04-09T00:00:00Z',
    json_build_object('policy', json_build_object('adapter_digest', 'd' || n))::jsonb
  FROM generate_series(1, 2) AS n;
INSERT INTO work_items (run_id, item_id, title, family, group_key, outcome, attempts)
  SELECT r.id, i.item_id, i.title, i.family, i.group_key, 'completed', 1
  FROM items AS i JOIN splits AS s USING (group_key), runs AS r
  WHERE s.split = 'validation' AND r.purpose = 'evaluate' ORDER BY 1, 2;
INSERT INTO attempts (id, run_id, item_id, attempt_num, eval_passed, outcome_value, origin)
  SELECT 500000 + row_number() OVER (ORDER BY run_id, item_id), run_id, item_id, 1,
    (right(item_id, 1)::int + right(run_id, 1)::int) % 5 > 1, 0, 'model'
  FROM work_items JOIN runs ON runs.id = run_id WHERE purpose = 'evaluate';
UPDATE work_items AS w SET outcome = 'escalated' FROM attempts AS a
  WHERE (a.run_id, a.item_id) = (w.run_id, w.item_id) AND w.run_id LIKE 'eval-%'
    AND NOT a.eval_passed;
-- Two tips of each item that a model reflected on: one helps where it is shown, one hurts.
INSERT INTO tips (id, text, source_attempt_id, source_run_id, source_rule_id)
  SELECT row_number() OVER (ORDER BY t.id), 'tip of ' || t.item_id, t.attempt_id, t.run_id,
    t.item_id
  FROM turns AS t JOIN attempts AS a ON a.id = t.attempt_id
  WHERE t.agent = 'reflector' AND a.origin = 'model' ORDER BY t.id;
INSERT INTO runs (id, policy, purpose, status, started_at)
  SELECT 'tossed-' || n, 'model:ember-1', 'collect', 'complete', '2026-05-01T00:00:00Z'
  FROM generate_series(1, 24) AS n;
INSERT INTO work_items (run_id, item_id, title, family, group_key, digest)
  SELECT DISTINCT r.id, i.item_id, i.title, i.family, i.group_key, i.digest
  FROM items AS i JOIN tips AS p ON p.source_rule_id = i.item_id, runs AS r
  WHERE r.id LIKE 'tossed-%';
INSERT INTO attempts (id, run_id, item_id, attempt_num, eval_passed, outcome_value,
    outcome_confidence, origin, evaluator, evaluator_version)
  SELECT 600000 + row_number() OVER (ORDER BY run_id, item_id), run_id, item_id, 1,
    substr(run_id, 8)::int % 2 = 0, (substr(run_id, 8)::int % 2 = 0)::int, 1, 'model', 'eye', '1'
  FROM work_items WHERE run_id LIKE 'tossed-%';
INSERT INTO tip_retrievals (id, run_id, attempt_id, tip_id, rule_id, rank, included, probability)
  SELECT row_number() OVER (ORDER BY a.id, p.id), a.run_id, a.id, p.id, a.item_id, 1,
    a.eval_passed = (p.id % 2 = 0), 0.5
  FROM attempts AS a JOIN tips AS p ON p.source_rule_id = a.item_id WHERE a.run_id LIKE 'tossed-%';
"""
"""What no source of records brings: who taught, flags, runs that evaluate, tossed tips."""
