"""Python as tree-sitter reads it: definitions, their signatures, docstrings and calls.

tree-sitter rather than `ast`: a file with a fault somewhere, or of a newer Python, still
gives its other definitions, and every part comes as it is written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from harness_forge.core.errors import SourceError

Node = Any
"""A node of tree-sitter's tree."""


@cache
def _parser():
    try:
        import tree_sitter
        import tree_sitter_python
    except ImportError as error:
        what = "Python sources are read with tree-sitter, which is not installed"
        hint = "pip install tree-sitter tree-sitter-python, or leave these generators out"
        raise SourceError("generate", what, hint) from error
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))


@lru_cache(maxsize=2048)
def parsed(text: str) -> Node:
    """Return the root of a file's tree."""
    return _parser().parse(text.encode()).root_node


def of(node: Node | None) -> str:
    """Return a node as it is written; '' for none."""
    return node.text.decode() if node is not None else ""


def lines_of(node: Node) -> tuple[int, int]:
    """Return its first and last line, from 1."""
    return node.start_point[0] + 1, node.end_point[0] + 1


def walk(node: Node, *kinds: str, into: bool = True) -> Iterator[Node]:
    """Yield nodes of these kinds below a node, in order of the text.

    Args:
        into: look within functions and classes below it too.
    """
    for child in node.children:
        if child.type in kinds:
            yield child
        if into or child.type not in ("function_definition", "class_definition"):
            yield from walk(child, *kinds, into=into)


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or method.

    Args:
        name: with the classes and functions that it is in, dotted.
        whole: with its decorators.
    """

    name: str
    node: Node
    whole: Node

    @property
    def parameters(self) -> list[str]:
        """Its parameters as they are written, without `self`, `cls` and bare `*` or `/`."""
        nodes = self.node.child_by_field_name("parameters").named_children
        marks = ("comment", "keyword_separator", "positional_separator")
        texts = [" ".join(of(node).split()) for node in nodes if node.type not in marks]
        return [text for text in texts if text not in ("self", "cls", "*", "/")]

    @property
    def returns(self) -> str:
        """What its signature says it returns; '' where it does not."""
        return of(self.node.child_by_field_name("return_type"))

    @property
    def docstring(self) -> str:
        """Its docstring, cleaned as Python's own tools do; '' where there is none."""
        return docstring(self.node.child_by_field_name("body"))

    @property
    def calls(self) -> list[str]:
        """What it calls by a plain or dotted name, each once, in order; nested functions' not."""
        body = self.node.child_by_field_name("body")
        named = (node.child_by_field_name("function") for node in walk(body, "call", into=False))
        return list(dict.fromkeys(of(node) for node in named if _is_dotted(node)))


def definitions(text: str) -> list[Definition]:
    """Return the functions and methods of a file without a fault in them."""
    return [one for one in _within(parsed(text), "") if not one.node.has_error]


def _within(node: Node, prefix: str) -> Iterator[Definition]:
    for child in node.children:
        inner = child.child_by_field_name("definition") if _is_decorated(child) else child
        if inner is None or inner.type not in ("function_definition", "class_definition"):
            yield from _within(child, prefix)
            continue
        name = prefix + of(inner.child_by_field_name("name"))
        if inner.type == "function_definition":
            yield Definition(name, inner, child)
        yield from _within(inner.child_by_field_name("body"), f"{name}.")


def _is_decorated(node: Node) -> bool:
    return node.type == "decorated_definition"


def _is_dotted(node: Node | None) -> bool:
    if node is None:
        return False
    if node.type == "attribute":
        return _is_dotted(node.child_by_field_name("object"))
    return node.type == "identifier"


def docstring(body: Node | None) -> str:
    """Return the docstring that a body or a module begins with; '' where there is none."""
    named = [child for child in (body.named_children if body else ()) if child.type != "comment"]
    first = named[0] if named else None
    if first is not None and first.type == "expression_statement":
        first = first.named_children[0] if first.named_children else None
    if first is None or first.type != "string":
        return ""
    try:
        said = ast.literal_eval(of(first))
    except (SyntaxError, ValueError):
        return ""
    import inspect

    return inspect.cleandoc(said) if isinstance(said, str) else ""
