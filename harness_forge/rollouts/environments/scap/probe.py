"""Ask the scanner for one package of the root's database.

A check of our own, without content: a third of all rules first ask for a
package. A scanner that cannot read the database reports that those rules do
not apply, or pass.
"""

from __future__ import annotations

from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.sandbox.sandbox import Sandbox
from harness_forge.rollouts.environments.sandbox.tools import SETUP_HINT
from harness_forge.rollouts.environments.scap.judge import PASS, judge
from harness_forge.rollouts.environments.scap.root import Recipe
from harness_forge.rollouts.environments.scap.slim import SlimContent

_RULE = "package_database"
_PACKAGE = "bash"  # is in every root

_DEFINITION = """<definition class="compliance" id="oval:forge:def:1" version="1">
<criteria>
<criterion test_ref="oval:forge:tst:1"/>
</criteria>
</definition>"""
_TEST = """<linux:{kind}info_test check="all" comment="c" id="oval:forge:tst:1" version="1">
<linux:object object_ref="oval:forge:obj:1"/>
</linux:{kind}info_test>"""
_OBJECT = """<linux:{kind}info_object id="oval:forge:obj:1" version="1">
<linux:name>{package}</linux:name>
</linux:{kind}info_object>"""


def reads_packages(box: Sandbox, recipe: Recipe) -> str:
    """Return a sentence that says that the scanner reads the package database.

    Raises:
        SandboxError: it does not.
    """
    kind = "rpm" if recipe.database.endswith(".sqlite") else "dpkg"
    said = judge(box, _content(kind), [_RULE]).by_rule.get(_RULE, "nothing")
    if said != PASS:
        needs = "usr/lib/rpm/rpmrc of rpm-common" if kind == "rpm" else "the dpkg probe"
        raise SandboxError(
            "",
            f"the scanner does not read the root's {kind} database (it says {said}), so rules "
            f"that ask for a package count for nothing; it needs {needs}",
            f"delete .forge/scap/tools and {SETUP_HINT}",
        )
    return f"the scanner reads the root's {kind} database"


def _content(kind: str) -> SlimContent:
    definition, test, object_ = (f"oval:forge:{word}:1" for word in ("def", "tst", "obj"))
    return SlimContent(
        {
            "rules": {_RULE: {"id": _RULE, "definition": definition, "exports": []}},
            "values": {},
            "oval": {
                definition: ["definitions", _DEFINITION, [test]],
                test: ["tests", _TEST.format(kind=kind), [object_]],
                object_: ["objects", _OBJECT.format(kind=kind, package=_PACKAGE), []],
            },
        }
    )
