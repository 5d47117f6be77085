"""Templates that write today's date: a training that goes on tomorrow prepared its rows today."""

from datetime import datetime

import pytest

from harness_forge.core.chat.template import ChatTemplate, of_day

DAY = datetime(2026, 7, 26, 23, 59)


@pytest.mark.parametrize(
    "call", ['strftime_now("%d %b %Y")', "strftime_now('%d %b %Y')", "strftime_now( '%d %b %Y' )"]
)
def test_a_template_of_a_day_writes_that_day(call):
    template = f"{{% set today = {call} %}}Today: {{{{ today }}}}. {{{{ messages[0].content }}}}"
    messages = [{"role": "user", "content": "Hi"}]
    assert ChatTemplate(of_day(template, DAY)).render(messages) == "Today: 26 Jul 2026. Hi"
    assert "26 Jul 2026" not in ChatTemplate(template).render(messages)


def test_a_template_that_only_asks_for_the_function_is_left_alone():
    text = "{% if strftime_now is defined %}x{% endif %}"
    assert of_day(text, DAY) == text
