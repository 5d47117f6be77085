"""Which modules of its own repository a file imports, and what from each."""

from __future__ import annotations

from collections.abc import Iterator

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.python_source import Node, lines_of, of, parsed
from harness_forge.collect.generators.rows import QuestionRow, asked

_KINDS = ("import_from_statement", "future_import_statement", "import_statement")


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each file that imports something of its repository."""
    files = context.repository.ending(".py")
    own = {part for file in files for part in file.path.removesuffix(".py").split("/")[:2]}
    for file in files:
        nodes = [node for node in parsed(file.text).children if node.type in _KINDS]
        found = [(of(node.child_by_field_name("module_name")), node) for node in nodes]
        inner = [
            (module, node)
            for module, node in found
            if module and (module[0] == "." or module.split(".")[0] in own)
        ]
        if not inner:
            continue
        citation = context.cite(file, lines_of(nodes[0])[0], lines_of(nodes[-1])[1])
        if citation:
            names = [name for _, node in inner for name in _names(node)]
            yield asked(
                f"What does `{file.path}` import from other modules of its own repository?",
                "\n".join(f"- from `{module}`: {_listed(node)}" for module, node in inner),
                file.path,
                citation,
                facts=names,
            )


def _names(node: Node) -> list[str]:
    names = [" ".join(of(name).split()) for name in node.children_by_field_name("name")]
    return names or ["*"]


def _listed(node: Node) -> str:
    return ", ".join(f"`{name}`" for name in _names(node))
