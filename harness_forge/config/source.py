"""Settings of a source: which files, how they are laid out, which field is what."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from harness_forge.config.limits import between, limited, share_above_zero


class SourceKind(Enum):
    """Which reader understands the source."""

    trajectories = "trajectories"  # one conversation with its reward a record
    datasets = "datasets"  # one line of a training set a record
    openai_traffic = "openai_traffic"  # one request with its response a record
    gemma_forge_jsonl = "gemma_forge_jsonl"
    gemma_forge_db = "gemma_forge_db"
    gemma_forge_graph = "gemma_forge_graph"


DATABASES = (SourceKind.gemma_forge_db, SourceKind.gemma_forge_graph)
"""Sources that are asked, not read as files."""

JSON_FILES = (
    SourceKind.trajectories,
    SourceKind.datasets,
    SourceKind.openai_traffic,
    SourceKind.gemma_forge_jsonl,
)
"""Sources whose files are JSON: a file whose first bytes say otherwise is refused unread."""


class Consent(Enum):
    """Whether the people in the records agreed that models are trained on them."""

    granted = "granted"
    withheld = "withheld"
    unknown = "unknown"


class Layout(Enum):
    """How records lie in a file."""

    auto = "auto"  # an array if the file starts with '['
    lines = "lines"
    array = "array"


@dataclass(frozen=True)
class MappingConfig:
    """Which field of a record is what.

    Every text may hold places: `{task_id}` is a field, `{info.task.0.name}`
    one further down, `{name|task_id|'none'}` the first that is there,
    `{reflections.#}` how many. A text that is one place and nothing else
    gives the value itself. `{lines.*.text}` is the list of what each of a list has
    there. A key with dots is found as it is; in quotes behind a dot, or in double quotes,
    it is one step for certain: `{attributes.'llm.messages'.0}`, `{"task.id"}`. A text on
    the way that is JSON is read as such. `{@record}` is the record itself, `{@stem}` the
    file's name without its ending, `{@line}` the record's place in the file, `{@digest}` a
    digest of what it holds, `{@NAME}` a named group of `name_pattern`. '' is nothing.

    Args:
        name_pattern: regular expression searched for in the file's path.
        item: the work item; records of one item are tries at the same thing.
        title: of the work item.
        family: of the work item; splits and statistics use it.
        families: regular expression at the start of the value of `family` ->
            family; the first that matches wins, and 'other' takes the rest.
            Empty takes the value as it is.
        group: cluster of near-identical items, which no split divides.
            '' takes the item.
        group_pattern: the part of `group` that counts: what its groups found,
            joined by "/", or the whole match.
        digest: text by which the item was judged, such as its tests.
        run: what sets runs apart within a file.
        attempt: number of the attempt within run and item, from `attempt_base`.
            '' counts in the order of the records.
        attempt_base: the number that a first attempt has in the file.
        model: who answered. '' where the record does not say: its policy is
            then `recorded`.
        agent: the agent that gave the answers; `{@message.name}` takes each message's own.
        messages: the whole conversation.
        message_keys: key of a message -> the key that it means: text -> content.
        roles: word for a role -> system, user, assistant or tool, besides the words that
            are known; -> skip where lines with it are no messages, such as events of a log.
            The word for a line without a role is none.
        system: what the model was told beforehand, where it lies beside the conversation: a
            text, its parts, or an object with them.
        prompt: where there is no conversation, in the mapping or in a record: what was asked, as
            one text.
        answer: and what was answered.
        request: (traffic) the request's body.
        response: (traffic) the response's body.
        tools: the tools that were offered.
        finish_reason: why the last answer ended.
        started_at: when; ISO text, or seconds or milliseconds since 1970.
        outcome: reward, truth value or word for the outcome. '' for none: the
            rows then have no verdict.
        outcomes: word or number -> what it is worth, from reward_min to reward_max:
            RESOLVED -> 1.
        reward_min: the least reward, which is worth 0.
        reward_max: the greatest, which is worth 1.
        passes_from: share of the way between them that counts as passed, more than 0 and at most 1.
        lower_is_better: the least number is worth 1 and the greatest 0, as of errors or of a
            loss. Truth values and words mean what they say.
        confidence: in the outcome, 0 to 1.
        reflections: what was thought between tries, a list of texts.
        signals: name -> what else the record says of an attempt, kept beside its outcome.
        cut_lengths: lengths in characters at which the writer cut texts; an
            answer with a text of exactly such a length counts as cut.
    """

    name_pattern: str = ""
    item: str = ""
    title: str = ""
    family: str = ""
    families: dict[str, str] = field(default_factory=dict)
    group: str = ""
    group_pattern: str = ""
    digest: str = ""
    run: str = ""
    attempt: str = ""
    attempt_base: int = 1
    model: str = ""
    agent: str = "agent"
    messages: str = ""
    message_keys: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    system: str = ""
    prompt: str = ""
    answer: str = ""
    request: str = ""
    response: str = ""
    tools: str = ""
    finish_reason: str = ""
    started_at: str = ""
    outcome: str = ""
    outcomes: dict[str, float] = field(default_factory=dict)
    reward_min: float = 0.0
    reward_max: float = 1.0
    passes_from: float = limited(1.0, share_above_zero)
    lower_is_better: bool = False
    confidence: float = limited(1.0, between(0, 1))
    reflections: str = ""
    signals: dict[str, str] = field(default_factory=dict)
    cut_lengths: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class OutcomesFileConfig:
    """A second file that says what became of the items.

    Args:
        file: JSON lines, an array, or one object; beside the records where its path is
            relative and no such file is in the current folder. '' for none.
        item: the item's name in a record of that file. '' where the file is one object:
            its keys are the items, or each of its lists names those of one outcome.
        outcome: the value in a record of that file, or in an object's entry. Where lists
            name the items, the list of those that passed: `{resolved_ids}`.
    """

    file: str = ""
    item: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class SourceConfig:
    """Where foreign records come from, and how they are read.

    Args:
        name: also the evaluator in rows, so that its labels can be
            distinguished from ours.
        kind: which reader.
        path: a file, a folder, or the URL of a database.
        skill: the choice of `skill` that rows go to where none is named.
        files: which files of a folder, as a pattern; `**/` looks further down.
        layout: auto, lines or array.
        format: (trajectories) what the records are, such as atif; they are then read as
            conversations with `item`, `messages`, `outcome` and so on, and `record`, as
            it lies in the file. '' where each record is itself a conversation.
        group: what the lines of one conversation have in common, as a template; the
            record is then the first of them, and `lines` all of them. '' where each
            record is a group of its own. `{@stem}` takes a whole file together.
        explode: dotted key of a list in each record, such as samples: each of its
            objects is a record, with what the outer one has beside it.
        outcomes: a second file with the outcomes.
        records: key of the list that holds the records, where they lie within one
            object, or an object a line: data, or result.items.
        max_line_mb: a longer line counts as malformed and is not read.
        max_bad_lines: so many malformed lines of a file are passed over.
        max_bad_share: and such a share of its lines; beyond either it stops.
        tools_file: JSON file with the tools that were offered, where records
            do not hold them.
        observed_tools: make a schema of each tool from the recorded calls,
            where records hold none: names and types as seen, no descriptions.
        again: forget what was taken in of these files, and take them in again.
        rewritten: people change these files in place: where one, or its outcomes, is other
            than it was when it was taken in, its rows are taken out and it is read again.
        reason: why rows that `forge forget` took out come in again; with `again` it is
            all it takes, and it is kept beside what was forgotten.
        consent: granted, withheld or unknown: whether the people in the records agreed that models
            are trained on them; kept with each run, for `export.consent`. Given for files that
            were taken in before, it holds for their rows too; unknown leaves what was given.
        consent_reference: where that is written, such as a contract's number.
        schema: (database) the schema to read; (graph) the `group_id`.
        mapping: which field is what.
    """

    name: str = "???"
    kind: SourceKind = SourceKind.trajectories
    path: str = ""
    skill: str = "recorded"
    files: str = "*.json*"
    layout: Layout = Layout.auto
    format: str = ""
    group: str = ""
    explode: str = ""
    records: str = ""
    max_line_mb: int = limited(256, between(1))
    max_bad_lines: int = limited(100, between(0))
    max_bad_share: float = limited(0.01, between(0, 1))
    tools_file: str = ""
    observed_tools: bool = False
    again: bool = False
    rewritten: bool = False
    reason: str = ""
    consent: Consent = Consent.unknown
    consent_reference: str = ""
    schema: str = "stig"
    outcomes: OutcomesFileConfig = field(default_factory=OutcomesFileConfig)
    mapping: MappingConfig = field(default_factory=MappingConfig)
