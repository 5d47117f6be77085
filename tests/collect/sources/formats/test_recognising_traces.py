import json

import pytest
from test_langfuse import AGENT, FIRST, SCORE
from test_litellm import FIRST as PAYLOAD
from test_mlflow import TRACE
from test_openinference import SPAN as PHOENIX
from test_otel import SESSION, batch, otlp
from test_tensorzero import FIRST as INFERENCE

from harness_forge.collect.sources.formats import known

KINDS = [
    ("langfuse", FIRST),
    ("langfuse", AGENT),
    ("langfuse", SCORE),
    ("langfuse", {"id": "t1", "observations": [FIRST]}),
    ("litellm", PAYLOAD),
    ("tensorzero", INFERENCE),
    ("otel", SESSION[0]),
    ("otel", batch(otlp(SESSION[0]))),
    ("openinference", PHOENIX),
    ("openinference", batch(otlp(PHOENIX))),
    ("mlflow", TRACE),
    ("mlflow", {"trace_id": "tr-1", "trace": json.dumps(TRACE)}),
]


@pytest.mark.parametrize(("name", "record"), KINDS)
def test_a_record_names_its_source(name, record):
    assert known.recognised(record).name == name
