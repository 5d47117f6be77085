"""The group `filters` of a recipe, and the settings of the filters that judge one row."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from harness_forge.config.mixture import BalanceConfig, MixInConfig, SourceCapConfig
from harness_forge.config.patterns import BannedConfig, RewardHackingConfig
from harness_forge.core.errors import ConfigError


@dataclass(frozen=True)
class LabelFlagsConfig:
    """Reject rows that carry a flag of the label audit.

    A recipe's `require.label_flagged` does the same in SQL, for every reason
    at once. Switch that one off where single reasons are to be tolerated.

    Args:
        enabled: false keeps flagged rows.
        tolerate: reasons of flags that do not count.
    """

    enabled: bool = True
    tolerate: list[str] = field(default_factory=list)


class ScoreOf(Enum):
    """Whose score of a row is meant."""

    outcome = "outcome"
    judge = "judge"


@dataclass(frozen=True)
class ScoreRangeConfig:
    """Reject rows with a score outside a range.

    For graded judges: what is trivial (a perfect score) or hopeless teaches
    little. It makes no sense where outcomes are 0 or 1 only.

    Args:
        enabled: true judges scores.
        reads: `outcome` is the outcome value that the evaluator recorded;
            `judge` is the overall score that `forge judge RUN` gave the answer,
            by `judge.weights`.
        min_value: lowest score kept, 0 to 1.
        max_value: highest score kept, 0 to 1.
        reject_unscored: reject rows without a score too.
    """

    enabled: bool = False
    reads: ScoreOf = ScoreOf.outcome
    min_value: float = 0.0
    max_value: float = 1.0
    reject_unscored: bool = False

    def __post_init__(self) -> None:
        if not self.min_value <= self.max_value:
            what = f"{self.min_value} is above max_value, {self.max_value}"
            raise ConfigError("filters.score_range.min_value", what)


@dataclass(frozen=True)
class EmptyConfig:
    """Reject answers without a letter or digit, and those that cannot be judged.

    Unjudgeable: the server gave up, the reasoning was never closed or nothing
    follows it, or it is a harness's placeholder. A call without any argument is
    an answer, one with only blank texts is not.

    Args:
        enabled: false keeps them.
    """

    enabled: bool = True


_WRITERS = ("gemma-forge", "gemma_forge", "8gent", "eight")
_LENGTHS = (200, 500, 1000)
_RECEIPTS = (
    "[TOOL_OUTPUT_RECEIPT]",
    "[TOOL_RESULT_TRUNCATED]",
    "<TOOL_RESULT_REF",
    "[artifact:",
)


@dataclass(frozen=True)
class TruncationConfig:
    """Reject answers that were cut.

    Cut is: a finish reason that names the token limit; a note of truncation
    within the last 80 characters; JSON or a code fence that never closes; a
    text of exactly the length at which its writer cuts; a receipt that a
    harness put in place of a text, in the prompt too, for the model saw
    something else then.

    Args:
        enabled: false keeps them.
        cut_lengths: characters at which the writers below cut.
        writers: beginnings of the names of evaluators and sources that cut;
            other rows of these lengths are whole.
        receipts: texts that replace a removed text.
    """

    enabled: bool = True
    cut_lengths: list[int] = field(default_factory=lambda: list(_LENGTHS))
    writers: list[str] = field(default_factory=lambda: list(_WRITERS))
    receipts: list[str] = field(default_factory=lambda: list(_RECEIPTS))


@dataclass(frozen=True)
class LengthConfig:
    """Reject answers with too few or too many tokens.

    Counted are the answer's words: its content and the strings among its
    calls' arguments, by the base model's own tokenizer, without what the chat
    template adds.

    Args:
        enabled: false keeps them.
        min_tokens: fewest tokens kept.
        max_tokens: most tokens kept.
    """

    enabled: bool = True
    min_tokens: int = 0
    max_tokens: int = 8192

    def __post_init__(self) -> None:
        if self.max_tokens < 0:
            raise ConfigError(
                "filters.length.max_tokens", f"must be 0 or more, not {self.max_tokens}"
            )
        if not 0 <= self.min_tokens <= self.max_tokens:
            what = f"must be from 0 to max_tokens, {self.max_tokens}, not {self.min_tokens}"
            raise ConfigError("filters.length.min_tokens", what)


@dataclass(frozen=True)
class RowTooLongConfig:
    """Reject rows that have too many tokens as a whole.

    Counted are prompt, tools and answer as the base model's chat template renders them, as the
    token check of `forge train` counts them. It needs the base model's folder.

    Args:
        enabled: true rejects them.
        max_tokens: most tokens of a row; the recipes take train.sequence_length.
    """

    enabled: bool = False
    max_tokens: int = 1024

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            what = f"must be 1 or more, not {self.max_tokens}"
            raise ConfigError("filters.row_too_long.max_tokens", what)


@dataclass(frozen=True)
class MarkupConfig:
    """Reject answers with terminal noise, and those that are largely HTML.

    Noise is never meant: an escape character itself (not `\\033` spelt out),
    other control characters, a carriage return in mid-line, U+FFFD. HTML may
    be meant, so it goes by its share: the characters of HTML tags and
    entities, of all characters. XML with other tags is no HTML.

    Args:
        enabled: false keeps them.
        max_html_share: highest tolerated share of HTML, 0 to 1.
        max_dump_share: highest tolerated share of the lines that were copied
            from a terminal (prompts with what they answered, progress bars,
            boxes, colour codes without their escape character) or of blocks in
            which a harness speaks to its agent (`<task-notification>`), in
            the answer's own words, 0 to 1. Text in a fence or in a call's
            arguments is quoted or code, and does not count.
    """

    enabled: bool = True
    max_html_share: float = 0.2
    max_dump_share: float = 1.0

    def __post_init__(self) -> None:
        for name in ("max_html_share", "max_dump_share"):
            if not 0 <= getattr(self, name) <= 1:
                what = f"must be from 0 to 1, not {getattr(self, name)}"
                raise ConfigError(f"filters.markup.{name}", what)


@dataclass(frozen=True)
class RepetitionConfig:
    """Reject answers in which too many word pairs came before.

    The bigram repeat ratio is 1 - distinct bigrams / bigrams, over words
    between white space, as they are written: seq-rep-2 of S. Welleck et al.,
    "Neural Text Generation with Unlikelihood Training", 2019
    (arXiv:1908.04319), taken over words instead of tokens.

    Args:
        enabled: false keeps them.
        max_bigram_repeat: highest tolerated ratio, 0 (no pair twice) to 1.
        min_words: shorter answers are not judged: two equal lines of a short
            script are no loop.
    """

    enabled: bool = True
    max_bigram_repeat: float = 0.6
    min_words: int = 50

    def __post_init__(self) -> None:
        if not 0 <= self.max_bigram_repeat <= 1:
            what = f"must be from 0 to 1, not {self.max_bigram_repeat}"
            raise ConfigError("filters.repetition.max_bigram_repeat", what)


@dataclass(frozen=True)
class ToolCallsConfig:
    """Reject answers with a call that the offered tools do not allow.

    The name must be offered and the arguments an object that meets the tool's
    JSON schema. A tool without `parameters` takes any object. Against a
    schema that is broken itself, or refers to another host, nothing is valid.

    Args:
        enabled: false keeps them.
    """

    enabled: bool = True


@dataclass(frozen=True)
class CoherenceConfig:
    """Reject answers that are far from the prompt in an embedding space.

    Coherence is the cosine between the embeddings of the last user message
    and of the answer, each the weighted mean of its tokens' vectors (S. Arora
    et al., "A Simple but Tough-to-Beat Baseline for Sentence Embeddings",
    2017). Off while no model is given. A cosine means something only beside
    others of the same model: see docs/datasets.md for how to set the limit.

    Args:
        enabled: false keeps them.
        model: folder of a static embedding model: `model.safetensors`,
            `tokenizer.json` and `config.json`, as Model2Vec writes them. null
            leaves the filter off, and the card says so.
        min_similarity: lowest tolerated cosine, -1 to 1.
    """

    enabled: bool = True
    model: str | None = None
    min_similarity: float = 0.3

    def __post_init__(self) -> None:
        if not -1 <= self.min_similarity <= 1:
            what = f"must be from -1 to 1, not {self.min_similarity}"
            raise ConfigError("filters.coherence.min_similarity", what)


@dataclass(frozen=True)
class FiltersConfig:
    """What takes a row out although its outcome was right; asked in this order.

    A rejected row's reason in the ledger is the filter's name here.

    Args:
        label_flags: the label audit doubts it.
        score_range: judged too low or too high.
        empty: nothing to learn, or nothing that can be judged.
        truncation: it was cut, by the model's limit or by the harness that stored it.
        length: too few or too many of the base model's tokens.
        row_too_long: prompt, tools and answer together have too many tokens.
        markup: terminal codes, control characters, residue of web pages.
        repetition: it repeats itself.
        tool_calls: its calls do not fit the tools that were offered.
        banned: it holds what the user forbade.
        reward_hacking: it looks as if it got round the check.
        coherence: the answer has little to do with the prompt.
        balance: at most so many examples of one category; after duplicates.
        source_cap: one source would make up too much of it; after `balance`.
        mix_in: general data, added to what is trained on.
    """

    label_flags: LabelFlagsConfig = field(default_factory=LabelFlagsConfig)
    score_range: ScoreRangeConfig = field(default_factory=ScoreRangeConfig)
    empty: EmptyConfig = field(default_factory=EmptyConfig)
    truncation: TruncationConfig = field(default_factory=TruncationConfig)
    length: LengthConfig = field(default_factory=LengthConfig)
    row_too_long: RowTooLongConfig = field(default_factory=RowTooLongConfig)
    markup: MarkupConfig = field(default_factory=MarkupConfig)
    repetition: RepetitionConfig = field(default_factory=RepetitionConfig)
    tool_calls: ToolCallsConfig = field(default_factory=ToolCallsConfig)
    banned: BannedConfig = field(default_factory=BannedConfig)
    reward_hacking: RewardHackingConfig = field(default_factory=RewardHackingConfig)
    coherence: CoherenceConfig = field(default_factory=CoherenceConfig)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    source_cap: SourceCapConfig = field(default_factory=SourceCapConfig)
    mix_in: MixInConfig = field(default_factory=MixInConfig)
