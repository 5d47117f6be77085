"""gemma-forge's graph on a real Bolt server: taken in as the rows that it is a copy of."""

import socket
from dataclasses import replace

import pytest
from graph_server import free_port

from harness_forge.collect.ingest.files import ingest
from harness_forge.config.compose.engine import compose
from harness_forge.config.graph import GraphConfig
from harness_forge.config.split import SplitConfig
from harness_forge.core.errors import GraphError, SourceError

SEED = """
CREATE (s:Skill {group_id: 'stig'})
CREATE (r:Run {run_id: 'r1', group_id: 'stig', started_at: '2026-04-01T10:00:00+00:00',
               ended_at: '2026-04-01T12:00:00+00:00', fix_rate: 0.5})
CREATE (old:Run {run_id: 'r0', group_id: 'stig', started_at: '2026-03-01T10:00:00+00:00',
                 ended_at: '2026-03-01T12:00:00+00:00'})
CREATE (other:Run {run_id: 'r9', group_id: 'cve'})
CREATE (a:Rule {rule_id: 'lamp_a', group_id: 'stig', category: 'lamps', title: 'Lamp A glows'})
CREATE (one:Attempt {attempt_id: 'r1::lamp_a::1::7', group_id: 'stig', run_id: 'r1',
  rule_id: 'lamp_a', attempt_num: 1, eval_passed: false, created_at: '2026-04-01T10:05:00+00:00',
  lesson_text: 'look at the fuse', banned_pattern: 'hit it'})
CREATE (two:Attempt {attempt_id: 'r1::lamp_a::2::8', group_id: 'stig', run_id: 'r1',
  rule_id: 'lamp_a', attempt_num: 2, eval_passed: true, created_at: '2026-04-01T10:09:00+00:00'})
CREATE (one)-[:ON_RULE]->(a) CREATE (one)-[:IN_RUN]->(r)
CREATE (two)-[:ON_RULE]->(a) CREATE (two)-[:IN_RUN]->(r)
CREATE (l:Lesson {lesson_id: 'sqlite:3', group_id: 'stig', category: 'lamps',
  text: 'look at the fuse', weight: 0.5, success_count: 2, failure_count: 1, confidence: 0.75})
CREATE (l)-[:DERIVED_FROM]->(one)
"""


@pytest.fixture
def source(graph_config):
    words = ["source=gemma_forge_graph", "skill=gemma_stig"]
    return replace(compose(None, words).source, path=graph_config.url)


@pytest.fixture
def take_graph(skill, graph_config, source):
    def take(source=source):
        return ingest(skill, source, SplitConfig(), graph=graph_config)

    return take


@pytest.mark.workset
def test_runs_rules_attempts_and_lessons_come_in_once(ask_graph, take_graph, ask, count, source):
    ask_graph(SEED)
    report = take_graph()
    assert (report.added, report.files[0].passed) == (2, 1)
    assert ask("SELECT id, status, summary ->> 'fix_rate' FROM runs ORDER BY started_at") == [
        ("r0", "complete", None),
        ("r1", "complete", "0.5"),
    ]
    assert ask("SELECT item_id, title, category, outcome, attempts FROM work_items") == [
        ("lamp_a", "Lamp A glows", "lamps", None, 2)
    ]
    assert ask("SELECT attempt_num, eval_passed, lesson FROM attempts ORDER BY 1") == [
        (1, False, "look at the fuse"),
        (2, True, None),
    ]
    assert ask("SELECT lesson, confidence, success_count FROM lessons_current") == [
        ("look at the fuse", 0.75, 2)
    ]
    assert ask("SELECT pattern FROM bans") == [("hit it",)]
    assert report.files[0].notes["tips"] == "are in no node: upstream writes none"
    assert take_graph().added == 0
    assert count("attempts") == 2


@pytest.mark.workset
def test_another_name_of_the_machine_is_the_same_graph(ask_graph, take_graph, count, source):
    try:
        socket.getaddrinfo("localhost", None)
    except OSError:
        pytest.skip("this machine knows no localhost")
    ask_graph(SEED)
    assert take_graph().added == 2
    named = replace(source, path=source.path.replace("127.0.0.1", "localhost"))
    assert take_graph(named).added == 0
    assert count("attempts") == 2


@pytest.mark.workset
def test_a_group_without_runs_is_told_with_those_there_are(ask_graph, take_graph, source):
    ask_graph(SEED)
    with pytest.raises(SourceError) as fault:
        take_graph(replace(source, schema="lamps"))
    assert str(fault.value) == (
        "group_id lamps: has no runs of gemma-forge's\n"
        "  hint: skills with runs: cve, stig; set source.schema"
    )


def test_no_server_is_told(skill):
    words = ["source=gemma_forge_graph", "skill=gemma_stig"]
    url = f"bolt://127.0.0.1:{free_port()}"
    source = replace(compose(None, words).source, path=url)
    with pytest.raises(GraphError, match="the server does not answer"):
        ingest(skill, source, SplitConfig(), graph=GraphConfig())
