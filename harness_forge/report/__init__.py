"""The report: one self-contained HTML page from what the loop has left.

html.py      elements, every text escaped
charts.py    inline SVG
material.py  what a page is made of
sections/    one module a section; each says itself what it lacks
page.py      the whole
"""
