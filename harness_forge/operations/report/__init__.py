"""The report: one self-contained HTML page from what the loop has left.

html.py      elements, every text escaped
charts.py    inline SVG
material.py  what a page is made of
sections/    one module a section; each says itself what it lacks
page.py      the whole
"""

from harness_forge.operations.report.material import Curve, Family, Material
from harness_forge.operations.report.page import page

__all__ = ["Curve", "Family", "Material", "page"]
