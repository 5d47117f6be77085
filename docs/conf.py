"""The documentation as a site: `make docs` builds it from this folder, without a network."""

import re

import harness_forge

project = "harness-forge"
version = release = harness_forge.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = f"harness-forge {version}"
html_show_sphinx = html_show_copyright = html_show_sourcelink = False
myst_heading_anchors = 4
myst_links_external_new_tab = False
autodoc_typehints = "signature"
napoleon_google_docstring = True
# Shell commands and output are shown as they are; not every block is one of a known language.
highlight_language = "none"
exclude_patterns = ["_build"]

# Pages in the repository's root, which the site has beside the others.
_ABOVE = {"README.md": "readme", "CONTRIBUTING.md": "contributing", "SECURITY.md": "reporting"}


def _links(text: str) -> str:
    """Return a page of the root with its links as they are from this folder."""
    for name, page in _ABOVE.items():
        text = text.replace(f"]({name}", f"]({page}.md")
    return re.sub(r"\]\(docs/", "](", text)


def _from_above(_app: object, _path: object, _parent: str, source: list[str]) -> None:
    source[0] = _links(source[0])


def _with_functions(_app: object, page: str, source: list[str]) -> None:
    """Put every public function and class, with its docstring, into its page."""
    source[0] = source[0].replace("](../README.md", "](readme.md")
    if page != "reference/api":
        return
    for name in harness_forge.API:
        kind = "autoclass" if isinstance(getattr(harness_forge, name), type) else "autofunction"
        # By the name that a reader imports, not by the file that it lies in.
        where = f"harness_forge.{name}"
        source[0] += f"\n## {name}\n\n```{{eval-rst}}\n.. {kind}:: {where}\n```\n"


def _short(_app: object, what: str, *found: object) -> tuple[str, None] | None:
    """Show a class without its fields: its docstring lists them, one in a line."""
    return ("", None) if what == "class" else None


def setup(app):
    """Read pages of the root, and the docstrings of the public names."""
    app.connect("autodoc-process-signature", _short)
    app.connect("include-read", _from_above)
    app.connect("source-read", _with_functions)
