"""Elements: what is text stays text."""

from harness_forge.report.html import Html, join, missing, table, tag


def test_text_is_escaped_and_markup_is_not():
    inner = tag("b", "a < b & c")
    assert tag("p", inner, "<i>") == "<p><b>a &lt; b &amp; c</b>&lt;i&gt;</p>"
    assert isinstance(inner, Html)


def test_a_joined_text_is_escaped_too():
    assert join(["<i>", tag("i", "x")]) == "&lt;i&gt;<i>x</i>"


def test_attributes_are_quoted():
    assert tag("a", title='"><script>') == '<a title="&quot;&gt;&lt;script&gt;"></a>'
    assert tag("a", class_="x", data_b=None, open=True) == '<a class="x" open></a>'


def test_cells_of_a_table_are_escaped():
    assert "&lt;script&gt;" in table(["a"], [["<script>"]])


def test_what_is_missing_names_its_command():
    assert missing("There is none.", "forge train") == (
        '<p class="gap">There is none. Run <code>forge train</code>.</p>'
    )


def test_a_control_is_written_out_in_texts_and_attributes():
    made = tag("p", "a\x1b[2J\u202eb", title="\u2066x")
    assert made == '<p title="\\u2066x">a\\u001b[2J\\u202eb</p>'
