"""Tokenizers of a few hundred tokens, each built as a family of models has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gradproof_bridge.text.templates import template

MERGED_TOKENS = 200
"""Tokens that are learned, beside the single bytes or characters."""

_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _byte_level(lines: Sequence[str], splits: Sequence[Any], use_regex: bool = False) -> Any:
    """A byte-level BPE whose pieces are split by `splits`, and by GPT-2's pattern if asked."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*splits, bytes_])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=256 + MERGED_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def _by_pattern(pattern: str) -> Any:
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(pattern), behavior="isolated")


def _added(content: str, **flags: bool) -> Any:
    from tokenizers import AddedToken

    return AddedToken(content, **{"special": False, "normalized": False, **flags})


def _saved(tokenizer: Any, folder: Path, **settings: Any) -> None:
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **settings).save_pretrained(folder)


def _llama3(lines: Sequence[str], folder: Path) -> None:
    from tokenizers import models, processors

    tokenizer = _byte_level(lines, [_by_pattern(_LLAMA3)])
    tokenizer.model = _ignoring_merges(models, tokenizer)
    names = ("begin_of_text", "end_of_text", "start_header_id", "end_header_id", "eot_id", "pad")
    tokenizer.add_special_tokens([f"<|{name}|>" for name in names])
    begin = "<|begin_of_text|>"
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=True),
            processors.TemplateProcessing(
                single=f"{begin} $A",
                pair=f"{begin} $A {begin} $B",
                special_tokens=[(begin, tokenizer.token_to_id(begin))],
            ),
        ]
    )
    _saved(
        tokenizer,
        folder,
        bos_token=begin,
        eos_token="<|eot_id|>",
        pad_token="<|pad|>",
        chat_template=template("llama3"),
    )


def _ignoring_merges(models: Any, tokenizer: Any) -> Any:
    """The same BPE, which takes a piece that is a token as it is."""
    model = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    return models.BPE(vocab=model["vocab"], merges=merges, ignore_merges=True)


def _qwen2(lines: Sequence[str], folder: Path) -> None:
    from tokenizers import normalizers, processors

    tokenizer = _byte_level(lines, [_by_pattern(_QWEN2)])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens(
        [
            _added("<tool_call>"),
            _added("</tool_call>"),
            _added("<left>", lstrip=True),
            _added("<right>", rstrip=True),
            _added("caf\u00e9!", normalized=True),
        ]
    )
    _saved(
        tokenizer,
        folder,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        add_bos_token=False,
        chat_template=template("chatml"),
    )


def _smollm(lines: Sequence[str], folder: Path) -> None:
    from tokenizers import pre_tokenizers

    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer = _byte_level(lines, [digits], use_regex=True)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    _saved(tokenizer, folder, bos_token="<|im_start|>", eos_token="<|im_end|>")


def _tekken(lines: Sequence[str], folder: Path) -> None:
    tokenizer = _byte_level(lines, [_by_pattern(_TEKKEN)])
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>", "[INST]", "[/INST]"])
    _saved(
        tokenizer,
        folder,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        add_bos_token=True,
        add_eos_token=True,
        chat_template=template("mistral"),
    )


def _pieces(lines: Sequence[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A vocabulary as SentencePiece's byte pairs with byte fallback have it, and its merges."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=80 + MERGED_TOKENS, limit_alphabet=80, show_progress=False
    )
    learned.train_from_iterator(lines, trainer)
    model = json.loads(learned.to_str())["model"]
    first = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens = [*first, *sorted(model["vocab"], key=model["vocab"].__getitem__)]
    vocab = {token: id_ for id_, token in enumerate(tokens)}
    return vocab, [tuple(merge) for merge in model["merges"]]


def _llama2(lines: Sequence[str], folder: Path) -> None:
    from transformers import LlamaTokenizer

    vocab, merges = _pieces(lines)
    tokenizer = LlamaTokenizer(
        vocab=vocab, merges=merges, add_bos_token=True, chat_template=template("llama2")
    )
    tokenizer.save_pretrained(folder)


def _llama2_legacy(lines: Sequence[str], folder: Path) -> None:
    """As transformers 4 saved it: spaces are replaced by a normalizer, for each part of a text."""
    from tokenizers import Tokenizer, decoders, models, normalizers, processors

    vocab, merges = _pieces(lines)
    tokenizer = Tokenizer(
        models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Prepend("\u2581"),
            normalizers.Replace(" ", "\u2581"),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("\u2581", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1),
        ]
    )
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.add_tokens([_added("<extra>", normalized=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    _saved(tokenizer, folder, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


TOKENIZERS: dict[str, Callable[[Sequence[str], Path], None]] = {
    "llama2": _llama2,
    "llama2_legacy": _llama2_legacy,
    "llama3": _llama3,
    "qwen2": _qwen2,
    "smollm": _smollm,
    "tekken": _tekken,
}
"""How each is trained on lines of text and saved to a folder."""
