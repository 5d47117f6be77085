"""The next token of each row, from the logits and the model's generation settings."""

from __future__ import annotations

import torch
from row import Generation
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

TOP_K = 50
"""Top-k of `generate` where the model's own settings have none."""

_KNOWN = {
    "bos_token_id",
    "do_sample",
    "eos_token_id",
    "max_length",
    "max_new_tokens",
    "output_attentions",
    "output_hidden_states",
    "pad_token_id",
    "repetition_penalty",
    "temperature",
    "top_k",
    "top_p",
    "transformers_version",
    "use_cache",
}


def plain(config) -> bool:
    """Return whether the model's settings need no sampling step that `warpers` lacks."""
    return all(name in _KNOWN or name.startswith("_") for name in config.to_diff_dict())


def pick(config, rows: list[Generation], logits) -> list[int]:
    """Return each row's next token.

    Applies what `generate` takes from a model's generation settings: a
    repetition penalty always, top-k and top-p if a row is sampled.
    """
    tokens = logits.argmax(-1).tolist()
    for n, row in enumerate(rows):
        if row.temperature > 0 or config.repetition_penalty not in (None, 1.0):
            said = torch.tensor([row.prompt + row.new])
            scores = warpers(config, row.temperature)(said, logits[n : n + 1].float().cpu())
            tokens[n] = int(
                torch.multinomial(scores.softmax(-1), 1, generator=row.dice)
                if row.temperature > 0
                else scores.argmax(-1)
            )
    return tokens


def warpers(config, temperature: float) -> LogitsProcessorList:
    """Return the changes to the scores before a token is drawn."""
    found = LogitsProcessorList()
    if config.repetition_penalty not in (None, 1.0):
        found.append(RepetitionPenaltyLogitsProcessor(config.repetition_penalty))
    if temperature > 0:
        found.append(TemperatureLogitsWarper(temperature))
        top_k = TOP_K if config.top_k is None else config.top_k
        if top_k:
            found.append(TopKLogitsWarper(top_k))
        if config.top_p not in (None, 1.0):
            found.append(TopPLogitsWarper(config.top_p))
    return found
