"""What a user writes for GRPO in Axolotl: how a prompt is shown, and what an answer is worth."""

import json


def with_tools(cfg, **_):
    """Return how a row becomes a prompt: as text, because TRL shows no tools of a dataset."""

    def render(row, tokenizer=None):
        tools = json.loads(row["tools"])
        prompt = tokenizer.apply_chat_template(
            row["prompt"], tools=tools, add_generation_prompt=True, tokenize=False
        )
        return {"prompt": prompt}

    return render


def judged(prompts, completions, reference, **_):
    """Reward nothing, but read which item of which skill an answer is for."""
    assert all('"name": "apply_fix"' in prompt for prompt in prompts), prompts[0]
    items = [json.loads(text)["item_id"] for text in reference]
    assert len(items) == len(completions)
    return [float(len(item) % 2) + place for place, item in enumerate(items)]
