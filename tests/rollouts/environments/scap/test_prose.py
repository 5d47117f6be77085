from lxml import etree

from harness_forge.rollouts.environments.scap import prose

CONTENT = """
<all xmlns="http://checklists.nist.gov/xccdf/1.2" xmlns:h="http://www.w3.org/1999/xhtml"
     xmlns:o="http://scap.nist.gov/schema/ocil/2.0">
 <Rule id="doors">
  <description>No more than <sub idref="limit" use="legacy"/> doors may be
   open. Write <h:code>doors</h:code>, as in:
<h:pre>
$ limit  doors
doors=<sub idref="limit"/>
</h:pre>Then   wait.<!-- not this --><h:br/>Look.</description>
  <rationale>Because of the wind.</rationale>
  <fixtext>Shut one.</fixtext>
  <fix system="urn:xccdf:fix:script:sh">shut</fix>
  <check system="http://oval.mitre.org/XMLSchema/oval-definitions-5">
   <check-content-ref href="oval.xml" name="oval:def:doors"/>
  </check>
  <check system="http://scap.nist.gov/schema/ocil/2">
   <check-content-ref href="ocil.xml" name="doors_ocil"/>
  </check>
 </Rule>
 <Rule id="bare"><title>Bare</title></Rule>
 <Rule id="lost"><check system="http://scap.nist.gov/schema/ocil/2">
   <check-content-ref href="ocil.xml" name="elsewhere"/></check></Rule>
 <o:ocil>
  <o:questionnaire id="doors_ocil"><o:actions><o:test_action_ref>doors_action</o:test_action_ref>
  </o:actions></o:questionnaire>
  <o:boolean_question_test_action id="doors_action" question_ref="doors_question"/>
  <o:boolean_question id="doors_question"><o:question_text>Run this:
$ count doors

      Is it more than 3?
      </o:question_text></o:boolean_question>
 </o:ocil>
</all>"""

ROOT = etree.fromstring(CONTENT, etree.XMLParser(remove_comments=True))
DOORS, BARE, LOST = (rule for rule in ROOT if str(rule.tag).endswith("Rule"))


def test_a_description_is_plain_text_with_the_profiles_values():
    assert prose.description(DOORS, {"limit": "3"}) == (
        "No more than 3 doors may be open. Write doors, as in:\n"
        "$ limit doors\ndoors=3\nThen wait.\nLook."
    )


def test_a_question_keeps_its_lines():
    asked = "Run this:\n$ count doors\nIs it more than 3?"
    assert prose.OcilQuestions(ROOT).of(DOORS, {}) == asked


def test_a_question_has_the_values_that_the_content_wrote_as_text():
    # OCIL knows no `sub`: content escapes it, with the value's short id (RHEL 9, 0.1.65).
    escaped = CONTENT.replace(
        "Is it more than 3?",
        "&lt;pre&gt;doors=&lt;sub idref=\"limit\" /&gt;&lt;/pre&gt; Is it &lt;sub idref='top'/&gt;"
        " of &lt;sub idref='lost'/&gt;, user &lt;name@host&gt;?",
    )
    root = etree.fromstring(escaped)
    rule = next(rule for rule in root if rule.get("id") == "doors")
    values = {"xccdf_org.site.content_value_limit": "3", "top": "4"}
    asked = "Run this:\n$ count doors\ndoors=3 Is it 4 of <lost>, user <name@host>?"
    assert prose.OcilQuestions(root).of(rule, values) == asked


def test_fix_and_rationale_are_not_read():
    text = prose.description(DOORS, {}) + prose.OcilQuestions(ROOT).of(DOORS, {})
    assert not {"wind", "shut", "Shut"} & set(text.replace(".", " ").split())


def test_content_that_says_nothing_is_empty_text():
    for rule in (BARE, LOST):
        assert (prose.description(rule, {}), prose.OcilQuestions(ROOT).of(rule, {})) == ("", "")
