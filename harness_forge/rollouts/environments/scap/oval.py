"""Resolve the OVAL closure of a check into flat records.

Criteria become a flat list of `ResolvedTest`; each keeps its path through the and/or
tree. Variables that do not depend on the machine are replaced by their values.
A variable that does (a component of a collected object) keeps its name and its
source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness_forge.rollouts.environments.scap import oval_functions
from harness_forge.rollouts.environments.scap.oval_records import (
    Entity,
    Fields,
    OvalObject,
    ResolvedTest,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_LISTS = ("definitions", "tests", "objects", "states", "variables")
_FLIPPED = {"AND": "OR", "OR": "AND"}


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
