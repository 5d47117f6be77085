"""What an OVAL check looks at and expects, every reference resolved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entity:
    """One field of an OVAL object or state, such as `filepath` or `subexpression`.

    Args:
        values: the literal, or every value of the variable it points at;
            empty when the values depend on the machine.
        operation: `equals`, `pattern match`, `greater than or equal` …
        variable: id of the variable, '' for a literal.
        var_check: how many of the values have to hold: `all`, `at least one`.
    """

    values: tuple[str, ...] = ()
    operation: str = "equals"
    variable: str = ""
    var_check: str = ""

    @property
    def value(self) -> str:
        """The first value, '' when there is none."""
        return self.values[0] if self.values else ""


Fields = Mapping[str, Entity]


@dataclass(frozen=True, slots=True)
class OvalObject:
    """What a check looks at: the fields of one OVAL object.

    Args:
        filters: pairs of `include` or `exclude` and the fields of a state.
        excluded: it is the part that a set takes away (complement).
    """

    fields: Fields
    filters: tuple[tuple[str, Fields], ...] = ()
    excluded: bool = False

    def get(self, name: str) -> Entity:
        """Return the field `name`, or an empty one."""
        return self.fields.get(name, Entity())


@dataclass(frozen=True, slots=True)
class ResolvedTest:
    """One OVAL test with everything it refers to resolved.

    Args:
        kind: name of the test without `_test`: `textfilecontent54`, `file` …
        test_id: the test it came from.
        branch: the way to it from the root, such as `('AND.0', 'OR.1')`:
            operator and position of the child. Checks that part under an
            `OR` are alternatives. Negated criteria are already turned over.
        negated: the test has to be false.
        existence: `at_least_one_exists`, `none_exist`, `all_exist`, `any_exist` …
        match: how many found items have to satisfy the states: `all` …
        targets: the objects it looks at; several when they form a set.
        states: what is expected; joined by `state_operator`.
        sources: objects that feed its machine-dependent variables.
    """

    kind: str
    test_id: str
    branch: tuple[str, ...]
    negated: bool
    existence: str
    match: str
    targets: tuple[OvalObject, ...]
    states: tuple[Fields, ...] = ()
    state_operator: str = "AND"
    sources: tuple[OvalObject, ...] = ()
    comment: str = field(default="", compare=False)

    @property
    def target(self) -> OvalObject:
        """The first target; an empty one when the test has none."""
        return self.targets[0] if self.targets else OvalObject({})

    @property
    def paths(self) -> tuple[str, ...]:
        """Every literal file path it looks at, or directory if no file is named."""
        return tuple(dict.fromkeys(p for t in self.targets for p in _literal_paths(t)))

    @property
    def pattern(self) -> str:
        """The regular expression searched in a text file, '' for other kinds."""
        return self.target.get("pattern").value

    def expected(self, name: str) -> Entity:
        """Return the first state's field `name`, or an empty one."""
        return next((state[name] for state in self.states if name in state), Entity())


def _literal_paths(target: OvalObject) -> Iterator[str]:
    filepath = target.get("filepath")
    if filepath.values:
        if filepath.operation == "equals":
            yield from filepath.values
        return
    directory, name = target.get("path"), target.get("filename")
    if directory.operation != "equals":
        return
    if not name.values or name.operation != "equals":
        yield from directory.values
        return
    for head, tail in itertools.product(directory.values, name.values):
        yield f"{head.rstrip('/')}/{tail}"
