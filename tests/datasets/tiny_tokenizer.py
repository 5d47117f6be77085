"""Tokenizers of our own making, of the forms that base models come in."""

from __future__ import annotations

from pathlib import Path

TEXT = [
    "grep -q '^PermitRootLogin no' /etc/ssh/sshd_config || sed -i 's/x/y/' /etc/ssh/sshd_config\n",
    "if [ -f /etc/audit/auditd.conf ]; then\n        echo yes\n    fi\n",
    "The key is right but its value is not the one the rule asks for. " * 3,
]


def byte_level(file: Path, *, alphabet: bool = True, normalizer=None, **kinds) -> Path:
    """Write a byte-level BPE tokenizer, such as GPT-2's and SmolLM2's.

    Args:
        alphabet: every byte has a token; without it, rare ones are unknown.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, **kinds)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<unk>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet else [],
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.save(str(file))
    return file


def byte_fallback(file: Path) -> Path:
    """Write a BPE tokenizer that falls back on bytes, such as Gemma's."""
    from tokenizers import Tokenizer, models, normalizers

    letters = sorted({letter for text in TEXT for letter in text if letter != " "})
    words = ["▁", *letters, "th", "the", "▁the", "▁▁"]
    vocabulary = [f"<0x{byte:02X}>" for byte in range(256)] + words
    model = models.BPE(
        {token: number for number, token in enumerate(vocabulary)},
        [("t", "h"), ("th", "e"), ("▁", "the"), ("▁", "▁")],
        byte_fallback=True,
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.save(str(file))
    return file


def word_level(file: Path) -> Path:
    """Write a tokenizer that knows whole words only, so nothing bounds its counts."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "the": 1}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(file))
    return file
