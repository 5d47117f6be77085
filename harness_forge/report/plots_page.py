"""The page that `dvc plots` fills: Vega is in it, so it needs no network.

DVC's own page loads Vega from another host. `.dvc/config` names this one instead
(`plots.html_template`); the first stage of the loop writes it. Vega comes from the
package vl-convert-python, an extra of forge.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from harness_forge.core.files import write_text

PLACE = Path(".dvc/forge-plots.html")
"""Under the project's folder; git ignores it."""
LITE = "5"
"""Version of Vega-Lite that DVC's plots are written in."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<!-- made of %s -->
<head>
<meta charset="utf-8">
{refresh_tag}
<title>Plots</title>
%s
<style>body { font: 16px/1.5 sans-serif; margin: 1rem }</style>
</head>
<body>
%s{plot_divs}
</body>
</html>
"""
_FALLBACK = (
    "<p>Vega is loaded from the network: <code>pip install 'harness-forge[plots]'</code> and "
    "<code>forge stage compose</code> put it into this page.</p>\n"
)


def write() -> None:
    """Write the page where a project has DVC, if none that is made of the same is there."""
    if not PLACE.parent.is_dir():
        return
    # To bundle Vega takes seconds, so the page says what it is made of.
    if not PLACE.is_file() or f"<!-- made of {_sources()} -->" not in PLACE.read_text("utf-8"):
        write_text(PLACE, page())


def _sources() -> str:
    """Return the digest of the page's own text, and the version of the package with Vega."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        vega = version("vl-convert-python")
    except PackageNotFoundError:
        vega = "no package"
    return f"{sha256((_PAGE + _FALLBACK + LITE).encode()).hexdigest()[:12]}, {vega}"


def page() -> str:
    """Return the page with DVC's placeholders; without the package it loads Vega as DVC does."""
    try:
        import vl_convert
    except ImportError:
        return _PAGE % (_sources(), "{scripts}", _FALLBACK)
    versions = [one for one in vl_convert.get_vegalite_versions() if one.split(".")[0] == LITE]
    bundle = vl_convert.javascript_bundle(vl_version=max(versions, key=_order))
    # A script ends where its text says so, whatever the language thinks of it.
    script = "<script>" + bundle.replace("</script", "<\\/script") + "</script>"
    return _PAGE % (_sources(), script, "")


def _order(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
