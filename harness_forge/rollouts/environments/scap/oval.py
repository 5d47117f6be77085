"""Resolve the OVAL closure of a check into flat records.

Criteria become a flat list of `ResolvedTest`; each keeps its path through the and/or
tree. Variables that do not depend on the machine are replaced by their values.
A variable that does (a component of a collected object) keeps its name and its
source.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness_forge.rollouts.environments.scap import oval_functions

if TYPE_CHECKING:
    from lxml.etree import _Element

_LISTS = ("definitions", "tests", "objects", "states", "variables")
_FLIPPED = {"AND": "OR", "OR": "AND"}


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


def _local(element: _Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: _Element) -> Iterator[_Element]:
    return (child for child in element if isinstance(child.tag, str))


class OvalIndex:
    """Every OVAL element of a datastream by id, and the resolver over them.

    If two OVAL components have the same id, the first wins: the others are
    applicability checks that repeat the shared definitions.

    Args:
        root: the datastream, or any element that holds OVAL components.
    """

    def __init__(self, root: _Element) -> None:
        self._by_id: dict[str, _Element] = {}
        for name in _LISTS:
            for listing in root.iter(f"{{*}}{name}"):
                for element in _children(listing):
                    self._by_id.setdefault(element.get("id", ""), element)

    def checks(self, definition_id: str, exports: Mapping[str, str]) -> tuple[ResolvedTest, ...]:
        """Return the flat checks of one definition.

        Args:
            exports: values of external variables by variable id.

        Raises:
            KeyError: the definition does not exist.
        """
        return _Resolver(self._by_id, exports).definition(definition_id)


class _Resolver:
    """Resolves one definition with one set of external values."""

    def __init__(self, by_id: Mapping[str, _Element], exports: Mapping[str, str]) -> None:
        self._by_id, self._exports = by_id, exports
        self._sources: dict[str, tuple[OvalObject, ...]] = {}

    def definition(self, definition_id: str) -> tuple[ResolvedTest, ...]:
        return tuple(self._walk(self._by_id[definition_id], (), False))

    def _walk(
        self, element: _Element, branch: tuple[str, ...], negate: bool
    ) -> Iterator[ResolvedTest]:
        for criteria in _children(element):
            if _local(criteria) == "criteria":
                yield from self._node(criteria, branch, negate)

    def _node(
        self, node: _Element, branch: tuple[str, ...], negate: bool
    ) -> Iterator[ResolvedTest]:
        negate ^= node.get("negate") == "true"
        match _local(node):
            case "criteria":
                operator = node.get("operator", "AND")
                operator = _FLIPPED.get(operator, operator) if negate else operator
                for position, child in enumerate(_children(node)):
                    yield from self._node(child, (*branch, f"{operator}.{position}"), negate)
            case "extend_definition":
                yield from self._walk(self._by_id[node.get("definition_ref")], branch, negate)
            case "criterion":
                yield self._check(self._by_id[node.get("test_ref")], branch, negate)

    def _check(self, test: _Element, branch: tuple[str, ...], negate: bool) -> ResolvedTest:
        self._sources = {}
        targets: list[OvalObject] = []
        states: list[Fields] = []
        for child in _children(test):
            if reference := child.get("object_ref"):
                targets += self._targets(reference)
            elif reference := child.get("state_ref"):
                states.append(self._fields(self._by_id[reference]))
        return ResolvedTest(
            kind=_local(test).removesuffix("_test"),
            test_id=test.get("id", ""),
            branch=branch,
            negated=negate,
            existence=test.get("check_existence", "at_least_one_exists"),
            match=test.get("check", "all"),
            targets=tuple(targets),
            states=tuple(states),
            state_operator=test.get("state_operator", "AND"),
            sources=tuple(t for found in self._sources.values() for t in found),
            comment=test.get("comment", ""),
        )

    def _targets(self, object_id: str) -> list[OvalObject]:
        element = self._by_id[object_id]
        for child in _children(element):
            if _local(child) == "set":
                return self._set(child)
        filters = tuple(
            (child.get("action", "exclude"), self._fields(self._by_id[(child.text or "").strip()]))
            for child in _children(element)
            if _local(child) == "filter"
        )
        return [OvalObject(self._fields(element), filters)]

    def _set(self, element: _Element) -> list[OvalObject]:
        """Flatten a set; in a complement all but the first part are excluded."""
        parts: list[list[OvalObject]] = []
        filters: list[tuple[str, Fields]] = []
        for child in _children(element):
            text = (child.text or "").strip()
            match _local(child):
                case "object_reference":
                    parts.append(self._targets(text))
                case "set":
                    parts.append(self._set(child))
                case "filter":
                    state = self._fields(self._by_id[text])
                    filters.append((child.get("action", "exclude"), state))
        complement = element.get("set_operator") == "COMPLEMENT"
        return [
            OvalObject(
                target.fields,
                (*target.filters, *filters),
                target.excluded or (complement and number > 0),
            )
            for number, part in enumerate(parts)
            for target in part
        ]

    def _fields(self, element: _Element) -> Fields:
        fields: dict[str, Entity] = {}
        for child in _children(element):
            name = _local(child)
            if name in ("filter", "set", "notes"):
                continue
            if name == "behaviors":
                fields |= {f"behaviors.{k}": Entity((v,)) for k, v in child.attrib.items()}
            elif name == "var_ref":
                fields[name] = self._reference(child, (child.text or "").strip())
            else:
                fields[name] = self._entity(child)
        return fields

    def _entity(self, element: _Element) -> Entity:
        if reference := element.get("var_ref"):
            return self._reference(element, reference)
        nil = element.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
        values = () if nil else (element.text or "",)
        return Entity(values, element.get("operation", "equals"))

    def _reference(self, element: _Element, variable: str) -> Entity:
        return Entity(
            tuple(self._variable(variable)),
            element.get("operation", "equals"),
            variable,
            element.get("var_check", "all"),
        )

    def _variable(self, variable: str) -> list[str]:
        element = self._by_id.get(variable)
        if element is None:
            return []
        match _local(element):
            case "external_variable":
                return [self._exports[variable]] if variable in self._exports else []
            case "constant_variable":
                return [child.text or "" for child in _children(element) if child.tag]
            case "local_variable":
                parts = [self._component(child) for child in _children(element)]
                return parts[0] if parts else []
        return []

    def _component(self, element: _Element) -> list[str]:
        """Evaluate one component; [] when it depends on the machine."""
        name = _local(element)
        if name == "literal_component":
            return [element.text or ""]
        if name == "variable_component":
            return self._variable(element.get("var_ref", ""))
        if name == "object_component":
            self._source(element.get("object_ref", ""))
            return []
        parts = [self._component(child) for child in _children(element)]
        return oval_functions.apply(name, element, parts)

    def _source(self, object_id: str) -> None:
        if object_id not in self._sources:
            self._sources[object_id] = ()  # a variable may refer to itself
            self._sources[object_id] = tuple(self._targets(object_id))
