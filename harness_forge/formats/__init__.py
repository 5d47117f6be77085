"""What a dataset's lines look like, and the folder they are written to."""

from harness_forge.formats.lines import FORMATS, preference_line, sft_line

__all__ = ["FORMATS", "preference_line", "sft_line"]
