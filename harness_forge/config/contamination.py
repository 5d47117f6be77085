"""Settings of what counts as words of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ContaminationConfig:
    """What is protected, and how much of it a row may hold.

    Texts are compared by runs of words, as GPT-3's were (Brown et al., 2020,
    appendix C: 8 to 13 words; runs in more than 10 texts are a
    template and count for nothing), and a text counts as held by a
    row where most of its runs are (PaLM, Chowdhery et al., 2022, ch. 8: 70%).

    Args:
        enabled: reject rows that hold protected words.
        holdout: protect the store's held-out work items: their names, titles,
            prompts and an answer to each.
        suites: evaluation suites by name: files of JSON lines or CSV, or
            folders of them; every text in them is protected, but single words.
        known_suites: protect the suites that come with forge too, and those of
            the recipe that are local files.
        words: words in a run; 6 for texts of fewer words. Texts of fewer than
            6 are not looked for: they are in everything.
        share: a row holds a text of `words` or more where it has this share of
            its runs, 0 to 1; shorter texts must be there whole.
        common: runs in texts of more than this many items say nothing
            about any of them.
    """

    enabled: bool = True
    holdout: bool = True
    suites: dict[str, str] = field(default_factory=dict)
    known_suites: bool = True
    words: int = 13
    share: float = 0.7
    common: int = 10
