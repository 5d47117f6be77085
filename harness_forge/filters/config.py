"""Settings of all filters together: the group `filters` of a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness_forge.filters.balance import BalanceConfig
from harness_forge.filters.banned import BannedConfig
from harness_forge.filters.coherence import CoherenceConfig
from harness_forge.filters.empty import EmptyConfig
from harness_forge.filters.label_flags import LabelFlagsConfig
from harness_forge.filters.length import LengthConfig
from harness_forge.filters.markup import MarkupConfig
from harness_forge.filters.mix_in import MixInConfig
from harness_forge.filters.repetition import RepetitionConfig
from harness_forge.filters.row_too_long import RowTooLongConfig
from harness_forge.filters.score_range import ScoreRangeConfig
from harness_forge.filters.tool_calls import ToolCallsConfig
from harness_forge.filters.truncation import TruncationConfig


@dataclass(frozen=True)
class FiltersConfig:
    """What takes a row out although its outcome was right; asked in this order.

    A rejected row's reason in the ledger is the filter's name here.

    Args:
        label_flags: the label audit doubts it.
        score_range: judged too low or too high.
        empty: nothing to learn, or nothing that can be judged.
        truncation: it was cut, by the model's limit or by whoever stored it.
        length: too few or too many of the base model's tokens.
        row_too_long: prompt, tools and answer together have too many tokens.
        markup: terminal codes, control characters, residue of web pages.
        repetition: it repeats itself.
        tool_calls: its calls do not fit the tools that were offered.
        banned: it holds what the user forbade.
        coherence: the answer has little to do with the prompt.
        balance: at most so many examples of one category; after duplicates.
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
    coherence: CoherenceConfig = field(default_factory=CoherenceConfig)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    mix_in: MixInConfig = field(default_factory=MixInConfig)
