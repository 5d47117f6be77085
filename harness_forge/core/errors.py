"""The exception tree: every error that users can meet, with its exit code.

    ForgeError                  1   anything below; never raised bare
    ├── ConfigError             2   a recipe, group, key or override is wrong
    ├── StoreError              3   the store is down, full, old or unreachable
    ├── SandboxError            4   scanner, content, bwrap or user namespaces missing
    ├── WorksetError            5   an isolated tool environment is missing or broken
    ├── EndpointError           6   a model endpoint is down or answers nonsense
    ├── ExportError             7   a dataset cannot be written as asked
    ├── RunError                8   a run cannot start, resume or end
    ├── TrainError              9   a model, a training or an adapter is not fit for use
    ├── EvalError              13   an evaluation or a proof cannot be made as asked
    ├── ServeError             14   a server cannot start, or does not serve what it should
    ├── PromoteError           15   a rule file, a ledger or a champion cannot be read
    ├── SourceError            16   a foreign record, file or database cannot be read
    ├── GraphError             18   the graph is down, refuses, or lacks what is asked for
    └── Interrupted           130   Ctrl-C; what was finished is kept

Exit codes 10 to 12 belong to `forge promote`, 17 to `forge audit`, 19 to `forge health`,
`forge doctor` and `forge champion check`; they are results, not faults.
"""

from __future__ import annotations

from collections.abc import Sequence


class ForgeError(Exception):
    """An error with where, what and remedy.

    Args:
        where: the file, key, URL or item at fault; '' where there is none.
        what: what is wrong, without a full stop.
        hint: what the user can do about it.
    """

    exit_code = 1

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        self.where, self.what, self.hint = where, what, hint
        super().__init__(str(self))

    @property
    def said(self) -> str:
        """What is wrong and where, in one line, without the remedy."""
        return f"{self.where}: {self.what}" if self.where else self.what

    def __str__(self) -> str:
        return f"{self.said}\n  hint: {self.hint}" if self.hint else self.said

    def __reduce__(self):
        return (type(self), (self.where, self.what, self.hint))


class ConfigError(ForgeError):
    """A recipe, group, key or override is wrong."""

    exit_code = 2


class StoreError(ForgeError):
    """The store is down, full, too old or unreachable."""

    exit_code = 3


class SandboxError(ForgeError):
    """The scanner, the content, bubblewrap or user namespaces are missing."""

    exit_code = 4


class WorksetError(ForgeError):
    """An isolated tool environment is missing or broken."""

    exit_code = 5


class EndpointError(ForgeError):
    """A model endpoint is down or answers nonsense."""

    exit_code = 6


class ExportError(ForgeError):
    """A dataset cannot be written as asked."""

    exit_code = 7


class RunError(ForgeError):
    """A run cannot start, resume or end."""

    exit_code = 8


class TrainError(ForgeError):
    """A model, a training or an adapter is not fit for use."""

    exit_code = 9


class EvalError(ForgeError):
    """An evaluation or a proof cannot be made as asked."""

    exit_code = 13


class ServeError(ForgeError):
    """A server cannot start, or does not serve what it should."""

    exit_code = 14


class PromoteError(ForgeError):
    """A rule file, a ledger or a champion cannot be read."""

    exit_code = 15


class SourceError(ForgeError):
    """A foreign record, file or database cannot be read."""

    exit_code = 16


class BrokenRecords(SourceError):
    """What a file holds are no records, whatever a mapping says: the file must be mended."""


class GraphError(ForgeError):
    """The graph is down, refuses, or lacks what is asked for."""

    exit_code = 18


class Interrupted(ForgeError):
    """The user pressed Ctrl-C; what was finished is kept."""

    exit_code = 130


class Faults(ForgeError):
    """Several faults reported at once, in the order they were found."""

    def __init__(self, faults: Sequence[ForgeError]) -> None:
        self.faults = tuple(faults)
        super().__init__("", "\n".join(str(fault) for fault in self.faults))
        self.exit_code = max((fault.exit_code for fault in self.faults), default=1)

    def __reduce__(self):
        return (type(self), (self.faults,))
