"""Parts of a report's page, parsed strictly."""

import html5lib


def parsed(text):
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def section(tree, title):
    (found,) = [one for one in tree.iter("section") if (one.findtext("h2") or "").startswith(title)]
    return found


def text(element):
    return " ".join("".join(element.itertext()).split())


def rows(element):
    return [[text(cell) for cell in row] for row in element.iter("tr")]
