"""Every package that an installed forge brings has a licence that docs/licences.md speaks of."""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "licences.md").read_text(encoding="utf-8")
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|0BSD|ISC|Apache|PSF|Python Software Foundation|Python-2\.0|Unlicense|Zlib|CC0"
    r"|HPND|NCSA)\b",
    re.IGNORECASE,
)
RECIPROCAL = re.compile(r"GPL|General Public|MPL|Mozilla|EPL|Eclipse|EUPL|CDDL", re.IGNORECASE)


def brought(name, found=None):
    """Return the names of all packages that installing `name` brings, no extras."""
    found = {} if found is None else found
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return found
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:  # for another platform or Python
        return found
    for line in found[key].requires or ():
        if "extra ==" not in line:
            brought(re.match(r"[\w.-]+", line)[0], found)
    return found


def licence(package):
    """Return all that a package's metadata say of its licence."""
    said = package.metadata
    classes = [one for one in said.get_all("Classifier") or () if one.startswith("License ::")]
    first = (said.get("License") or "").strip().split("\n")[0][:80]
    return "; ".join(filter(None, [said.get("License-Expression"), first, *classes]))


def test_what_is_not_permissive_is_named_on_the_page():
    packages = brought("harness-forge")
    assert len(packages) > 60
    del packages["harness-forge"]
    odd = {
        name: licence(one)
        for name, one in packages.items()
        if not PERMISSIVE.search(licence(one)) or RECIPROCAL.search(licence(one))
    }
    named = set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))
    assert odd.keys() <= named, {name: odd[name] for name in odd.keys() - named}
