"""Writes a pre-quantized bitsandbytes checkpoint, as transformers and bitsandbytes load it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase

from gradproof_bridge.backends.bitsandbytes_backend import NESTED_BLOCKSIZE, rounding_of
from gradproof_bridge.bundle.safetensors_file import read_safetensors, write_safetensors
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.commands.arguments import path_argument
from gradproof_bridge.compute import compute_with
from gradproof_bridge.errors import FormatError, UsageError
from gradproof_bridge.formulas.checkpoint import (
    Nested,
    QuantizedWeight,
    is_quantized,
    write_quantized,
)
from gradproof_bridge.whole_file import write_whole

NAME = "quantize"
SUMMARY = "a checkpoint with its linear weights in 4 bits (quant_state tensors), by bitsandbytes where it is installed"
_TABLE = re.compile(
    r"(.+_)?(emb|embd|embed|embedding|embeddings)"
    r"(?!.*_(proj|project|projection|mapping|transformation|linear)(_|$))(_.+)?"
    r"|wte|wpe|shared|relative_attention_bias|lm_head"
)
"""Embeddings and heads as the common families of models name them, which transformers leaves in
floats too; what a later word calls a projection or a mapping is a linear of embeddings.
`src/quantizer/kept-layers.ts` has the same rule.
"""
_DTYPES = ("float32", "float16", "bfloat16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """IN, OUT and how."""
    parser.add_argument("source", type=path_argument, metavar="IN", help="a safetensors checkpoint")
    parser.add_argument("out", type=path_argument, metavar="OUT", help="the file that is written")
    parser.add_argument("--quant-type", choices=("nf4", "fp4"), default="nf4", help="default nf4")
    parser.add_argument(
        "--blocksize", type=int, default=64, help="elements that share a scale; default 64"
    )
    parser.add_argument(
        "--double-quant",
        action="store_true",
        help="keep the scales in 8 bits (compress_statistics)",
    )
    parser.add_argument(
        "--keep",
        action="append",
        metavar="GLOB",
        help="matrices that stay as they are; default embeddings and the head",
    )


def run(options: argparse.Namespace) -> int:
    """0; what cannot be quantized is wrong use."""
    try:
        metadata, tensors = read_safetensors(options.source.read_bytes())
    except FormatError as error:
        raise FormatError(f"{options.source}: {error}") from error
    if is_quantized(tensors):
        raise UsageError(f"{options.source} is quantized already")
    chosen = [
        name for name, x in tensors.items() if _is_weight(x) and not is_kept(name, options.keep)
    ]
    if not chosen:
        beside = ", ".join(options.keep or ("embeddings and a head",))
        raise UsageError(
            f"{options.source} holds no matrix of floats beside {beside}: nothing can be quantized"
        )
    params: Params = {
        "quant_type": options.quant_type,
        "blocksize": options.blocksize,
        "compress_statistics": options.double_quant,
    }
    if options.double_quant:
        params |= {"nested_blocksize": NESTED_BLOCKSIZE, "nested_rounding": rounding_of("cpu")}
    weights: dict[str, QuantizedWeight] = {}
    by = ""
    for name in chosen:
        weights[name], by = _quantized(tensors[name], params)
    others = {name: x for name, x in tensors.items() if name not in weights}
    write_whole(options.out, write_safetensors({**others, **write_quantized(weights)}, metadata))
    sys.stdout.write(
        f"{len(weights)} weights in {options.quant_type} by {by}, {len(others)} tensors as they were, in {options.out}\n"
    )
    return 0


def is_kept(name: str, globs: Sequence[str] | None = None) -> bool:
    """Whether a matrix of this name stays as it is: by the globs, or as is usual without them."""
    if globs:
        return any(fnmatchcase(name, glob) for glob in globs)
    layer = name.removesuffix(".weight").rpartition(".")[2]
    return _TABLE.fullmatch(layer) is not None


def _is_weight(x: Array) -> bool:
    return x.ndim == 2 and x.size > 0 and x.dtype.name in _DTYPES


def _quantized(weight: Array, params: Params) -> tuple[QuantizedWeight, str]:
    """The weight in 4 bits, and who made it so."""
    found = compute_with({"weight": weight}, "quantize_4bit", params, "cpu")
    scales: Array | Nested = found.outputs["absmax"]
    if params["compress_statistics"]:
        offset = float(found.outputs["nested_offset"][0])
        scales = Nested(
            found.outputs["absmax_q"],
            found.outputs["nested_absmax"],
            offset,
            params["nested_blocksize"],
        )
    made = QuantizedWeight(
        found.outputs["packed"],
        scales,
        weight.shape,
        params["quant_type"],
        params["blocksize"],
        weight.dtype.name,
    )
    return made, found.producer
