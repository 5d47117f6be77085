"""Validation reads rules as a promotion does, conditions inside a group included."""

from harness_forge.cli import validation


def faults(*overrides):
    return [str(fault) for fault in validation._composition_faults("target_a", list(overrides))]


def test_a_condition_inside_a_group_is_checked(project):
    rule = project / "conf/promote/b4mad.yaml"
    text = rule.read_text()
    rule.write_text(text.replace("tool_calls: {kind: gain", "tool_calls: {knd: gain"))
    (told,) = faults("promote=b4mad")
    assert "promote.conditions.better_somewhere.of.tool_calls.knd: unknown key" in told
    assert "did you mean 'kind'" in told


def test_a_key_that_a_kind_does_not_read_is_told(project):
    (told,) = faults("promote.conditions.proven.margin=0.1")
    assert "promote.conditions.proven.margin: is not read by kind proof" in told


def test_the_shipped_rules_are_sound(project):
    for path in sorted((project / "conf/promote").glob("*.yaml")):
        assert faults(f"promote={path.stem}") == []


def test_choices_are_checked_though_the_default_recipe_is_broken(project):
    recipe, rule = project / "recipes/target_a.yaml", project / "conf/promote/b4mad.yaml"
    recipe.write_text(recipe.read_text() + "sed: 3\n")
    rule.write_text(rule.read_text().replace("tool_calls: {kind: gain", "tool_calls: {knd: gain"))
    told = "\n".join(str(fault) for fault in validation.validate().faults)
    assert "of.tool_calls.knd: unknown key" in told
    assert "target_a.yaml:31: sed: unknown key" in told
