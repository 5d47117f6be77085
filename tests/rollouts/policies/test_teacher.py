import json

from harness_forge.core.records import Origin, Outcome, TeacherAnswer, WorkItem
from harness_forge.rollouts.policies.proposal import PromptRequest
from harness_forge.rollouts.policies.reflection import read
from harness_forge.rollouts.policies.teacher import Teacher

ITEM = WorkItem("a_rule", "Title", "low", "a", "a_rule")
TOOLS = [{"type": "function", "function": {"name": "apply_fix"}}]
REQUEST = PromptRequest(ITEM, [], TOOLS)


def answer(origin, script, why=""):
    return TeacherAnswer(origin, script, {"fix_script": script}, why)


def outcome(passed):
    return Outcome(passed, float(passed), 1.0, None if passed else "target_fails", "", "e", "1")


def scripts(teacher, verdicts):
    episode, played = teacher.episode(REQUEST), []
    proposal = next(episode)
    for verdict in verdicts:
        played.append(proposal.tool_call.arguments["fix_script"])
        try:
            proposal = episode.send(outcome(verdict))
        except StopIteration:
            break
    return played


def test_gold_stops_at_the_first_pass():
    teacher = Teacher("gold", lambda _: [answer(Origin.OURS, "one"), answer(Origin.CONTENT, "two")])
    assert scripts(teacher, [True, True]) == ["one"]
    assert scripts(teacher, [False, True]) == ["one", "two"]


def test_mutated_plays_every_variant():
    teacher = Teacher("mutated", lambda _: [answer(Origin.MUTATED, s) for s in "abc"])
    assert scripts(teacher, [True, False, True]) == ["a", "b", "c"]


def test_arguments_travel_as_a_json_string():
    teacher = Teacher("gold", lambda _: [answer(Origin.OURS, 'echo "é"')])
    call = next(teacher.episode(REQUEST)).response["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == {"fix_script": 'echo "é"'}


def test_a_mistake_that_failed_is_explained():
    teacher = Teacher("mutated", lambda _: [answer(Origin.MUTATED, "x", "the line is a comment")])
    proposal = next(teacher.episode(REQUEST))
    reflection = teacher.reflect(REQUEST, proposal, outcome(False))
    assert read(reflection.text, "a")[1] == list(reflection.tips)
    assert teacher.reflect(REQUEST, proposal, outcome(True)) is None
