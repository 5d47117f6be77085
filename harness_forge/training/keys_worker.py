"""Child process that reads a config by Axolotl's own schema, plugins included.

Runs in the workset's Python, so it imports nothing of harness_forge. It prints one JSON line:
{"known": the keys that there are, "slips": [{"where", "what"}, …], "apart": whether examples that
are packed into one sequence do not see each other}.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a library prints goes to stderr, not into our line


def look(config: Path) -> dict:
    """Return the keys of the schema, what it says against the values, and if examples are apart."""
    import yaml
    from axolotl.cli.config import prepare_plugins
    from axolotl.integrations.config import merge_input_args
    from axolotl.utils.dict import DictDefault
    from pydantic import ValidationError

    given = DictDefault(yaml.safe_load(config.read_text(encoding="utf-8")))
    prepare_plugins(given)
    _, schema = merge_input_args()
    slips, apart = [], True
    try:
        whole = schema(**given.to_dict())
        apart = not whole.sample_packing or whole.attn_decontaminates_packing
    except ValidationError as error:
        for one in error.errors():
            slips.append({"where": ".".join(map(str, one["loc"])), "what": one["msg"]})
    known = set(schema.model_fields)
    known |= {field.alias for field in schema.model_fields.values() if field.alias}
    return {"known": sorted(known), "slips": slips, "apart": apart}


if __name__ == "__main__":
    print(json.dumps(look(Path(sys.argv[1]))), file=OUT, flush=True)
