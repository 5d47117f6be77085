"""Child process of the tests: writes a random model of one family with a tokenizer of its tokens.

python tiny_families.py FAMILY FOLDER TEMPLATE
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

CHATML = ("", "<|im_end|>", "<|endoftext|>", ["<|im_start|>"])
TOKENS = {
    "llama": ("<|begin_of_text|>", "<|eot_id|>", "<|finetune_right_pad_id|>",
              ["<|start_header_id|>", "<|end_header_id|>", "<|python_tag|>"]),
    "gemma4": ("<bos>", "<eos>", "<pad>",
               ["<|turn>", "<turn|>", "<|tool>", "<tool|>", "<|tool_call>", "<tool_call|>",
                "<|tool_response>", "<tool_response|>", '<|"|>', "<|channel>", "<channel|>",
                "<|image|>", "<|audio|>", "<|video|>", "<|image>", "<image|>", "<|audio>",
                "<audio|>"]),
    "mistral3": ("<s>", "</s>", "<pad>",
                 ["[INST]", "[/INST]", "[TOOL_CALLS]", "[ARGS]", "[SYSTEM_PROMPT]",
                  "[/SYSTEM_PROMPT]", "[IMG]", "[IMG_BREAK]", "[IMG_END]"]),
    "deepseek": ("<\uff5cbegin\u2581of\u2581sentence\uff5c>",
                 "<\uff5cend\u2581of\u2581sentence\uff5c>", "<\uff5cpad\uff5c>",
                 ["<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>"]),
    "qwen3_5": ("", "<|im_end|>", "<|endoftext|>",
                ["<|im_start|>", "<|image_pad|>", "<|video_pad|>", "<|vision_start|>",
                 "<|vision_end|>"]),
}  # fmt: skip
"""First token, end of text, padding and others of a family; all others write ChatML."""

SMALL = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 2048,
}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
LINEAR = {
    "layer_types": ["linear_attention", "full_attention"],
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
}


def tokenizer(family, template):
    first, end, pad, others = TOKENS.get(family, CHATML)
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = list(dict.fromkeys(token for token in (pad, first, end, *others) if token))
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    made.train_from_iterator([template, "rule fix script tool_call arguments"], trainer)
    named = {"eos_token": end, "pad_token": pad} | ({"bos_token": first} if first else {})
    return PreTrainedTokenizerFast(tokenizer_object=made, **named)


def text_config(family, ids):
    kinds = {
        "qwen3": ("Qwen3Config", {}),
        "qwen3_moe": ("Qwen3MoeConfig", EXPERTS),
        "qwen2": ("Qwen2Config", {}),
        "llama": ("LlamaConfig", {}),
    }
    name, more = kinds[family]
    return getattr(transformers, name)(**SMALL, **more, **ids)


def made(family, ids, id_of):
    """Return the model: a text model, or one in its wrapper for pictures."""
    torch.manual_seed(1)
    if family == "gemma4":
        text = transformers.Gemma4TextConfig(
            **SMALL, **ids, global_head_dim=16, sliding_window=64,
            layer_types=["sliding_attention", "full_attention"], num_kv_shared_layers=0,
            hidden_size_per_layer_input=16, vocab_size_per_layer_input=ids["vocab_size"],
        )  # fmt: skip
        vision = transformers.Gemma4VisionConfig(
            hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=2, head_dim=16, global_head_dim=16,
        )  # fmt: skip
        config = transformers.Gemma4Config(
            text_config=text, vision_config=vision, audio_config=None,
            image_token_id=id_of("<|image|>"), audio_token_id=id_of("<|audio|>"),
            video_token_id=id_of("<|video|>"), boi_token_id=id_of("<|image>"),
            eoi_token_id=id_of("<image|>"), boa_token_id=id_of("<|audio>"),
            eoa_token_id=id_of("<audio|>"),
        )  # fmt: skip
        return transformers.Gemma4ForConditionalGeneration(config)
    if family == "mistral3":
        text = transformers.Ministral3Config(**SMALL, **ids)
        vision = transformers.PixtralVisionConfig(
            hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
            image_size=28, patch_size=14, head_dim=16,
        )  # fmt: skip
        config = transformers.Mistral3Config(
            text_config=text, vision_config=vision, image_token_index=id_of("[IMG]")
        )
        return transformers.Mistral3ForConditionalGeneration(config)
    if family == "qwen3_5":
        text = transformers.Qwen3_5TextConfig(**SMALL, **LINEAR, **ids)
        config = transformers.Qwen3_5Config(
            text_config=text.to_dict(),
            vision_config={
                "depth": 1, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2,
                "out_hidden_size": 64, "patch_size": 14,
            },
            image_token_id=id_of("<|image_pad|>"), video_token_id=id_of("<|video_pad|>"),
            vision_start_token_id=id_of("<|vision_start|>"),
            vision_end_token_id=id_of("<|vision_end|>"),
        )  # fmt: skip
        return transformers.Qwen3_5ForConditionalGeneration(config)
    if family == "deepseek":
        family = "qwen2"
    return transformers.AutoModelForCausalLM.from_config(text_config(family, ids))


def main():
    family, out, template = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    fast = tokenizer(family, template.read_text())
    end = "<turn|>" if family == "gemma4" else fast.eos_token
    id_of = fast.convert_tokens_to_ids
    ids = {"vocab_size": len(fast), "eos_token_id": id_of(end), "pad_token_id": fast.pad_token_id}
    ids |= {"bos_token_id": fast.bos_token_id} if fast.bos_token else {}
    if family == "gemma4":
        for name in ("image_token", "audio_token", "video_token"):
            token = f"<|{name.removesuffix('_token')}|>"
            setattr(fast, name, token)
            setattr(fast, f"{name}_id", id_of(token))
        for name, token in {"boi_token": "<|image>", "eoi_token": "<image|>",
                            "boa_token": "<|audio>", "eoa_token": "<audio|>"}.items():  # fmt: skip
            setattr(fast, name, token)
    model = made(family, ids, id_of)
    model.generation_config.eos_token_id = id_of(end)
    model.generation_config.pad_token_id = fast.pad_token_id
    model.to(torch.bfloat16).save_pretrained(out)
    fast.save_pretrained(out)
    if "--no-template" not in sys.argv:
        shutil.copyfile(template, out / "chat_template.jinja")
    print(json.dumps({"model": type(model).__name__, "parameters": model.num_parameters()}))


if __name__ == "__main__":
    main()
