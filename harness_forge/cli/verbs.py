"""The verbs of the command `forge`, and a summary of each."""

from __future__ import annotations

VERBS = {
    "init": "start a project's folder: dvc.yaml, recipes and groups of your own; overwrite nothing",
    "compose": "compose a recipe and print every key with its value",
    "validate": "check every recipe and every group; report all faults at once",
    "env": "look at a skill's environment: what is missing, what it yields",
    "run": "attempt work items and write what happened to the store",
    "ingest": "bring foreign records into the store: logs, traffic, trajectories, a database",
    "generate": "make questions with quoted answers of a repository: code, history, docs, tools",
    "source": "say how records of your own are read: guess a source from a file, write its YAML",
    "store": "look after the store: status, upgrade, url, psql",
    "labels": "find labels that must not be trusted, and flag them",
    "export": "write a dataset from the store's rows",
    "audit": "prove a written dataset from its files alone",
    "redact": "show what was replaced in a dataset, and sign that it may leave",
    "publish": "copy a dataset out; refused without a signed review of these very bytes",
    "trace": "show where a line of a dataset comes from",
    "graph": "mirror the records to a Bolt server; say where a line, tip or adapter comes from",
    "model": "fetch a base model, list what there is, look at one",
    "train": "train an adapter on a dataset, its tokens checked first",
    "prove": "prove that an adapter fits its base model and changes what it says",
    "power": "say how large a gain the held-out items can show, before anything is trained",
    "evaluate": "score answers on a split with lm-eval, base model beside adapter",
    "replay": "judge an adapter on held-out items beside four baselines",
    "compare": "compare two runs item by item: success, attempts, escalations, tokens, seconds",
    "judge": "let a local model score a run's answers, or compare those of two runs",
    "promote": "decide by the rule whether the adapter becomes champion",
    "champion": "show which adapters are champions and every decision, the ledger verified",
    "rollback": "go back to an earlier champion; the reason goes into the ledger",
    "report": "write one HTML page: data, training, success, decision, answers",
    "serve": "serve a base model with adapters through vLLM, tested before use",
    "proxy": "pass requests on to model servers, capture them whole, divide them among models",
    "workset": "install, show, bundle or remove the isolated tool environments",
    "stage": "run one stage of dvc.yaml",
}
"""Each verb and its summary, in the order of the loop."""
