import pytest
from lxml import etree

from harness_forge.rollouts.environments.scap.oval_functions import apply


@pytest.mark.parametrize(
    ("xml", "parts", "values"),
    [
        ("<concat/>", [["a", "b"], ["1"]], ["a1", "b1"]),
        ("<escape_regex/>", [["a.b*"]], [r"a\.b\*"]),
        ("<unique/>", [["a", "b"], ["a"]], ["a", "b"]),
        ('<split delimiter=","/>', [["a,b"]], ["a", "b"]),
        ('<begin character="^"/>', [["a", "^b"]], ["^a", "^b"]),
        ('<end character="$"/>', [["a", "b$"]], ["a$", "b$"]),
        ('<substring substring_start="2" substring_length="2"/>', [["abcd"]], ["bc"]),
        ('<substring substring_start="3" substring_length="-1"/>', [["abcd"]], ["cd"]),
        (r'<regex_capture pattern="(\d+)%"/>', [["at 25%", "none"]], ["25", ""]),
        ('<arithmetic arithmetic_operation="add"/>', [["64"], ["8", "1"]], ["72", "65"]),
        ('<arithmetic arithmetic_operation="multiply"/>', [["7"], ["64"]], ["448"]),
        ("<count/>", [["a"]], []),
    ],
)
def test_function(xml, parts, values):
    element = etree.fromstring(xml)
    assert apply(element.tag, element, parts) == values
