"""The report: one self-contained HTML page from what the loop has left.

html.py      elements, every text escaped
document.py  the frame of a page: head, style sheet, what it may do
charts.py    inline SVG
material.py  what a page is made of
sections/    one module a section; each says itself what it lacks
page.py      the whole
console/     the same parts as pages of `forge ui`
"""
