"""Every case that is recorded."""

from __future__ import annotations

from functools import cache

from gradproof_bridge.cases import (
    bitsandbytes_cases,
    peft_cases,
    quantizer_cases,
    shared_ops,
    torch_attention,
    torch_layers,
    torch_products,
    torch_tensors,
    torch_training,
    training_runs,
)
from gradproof_bridge.cases.case import Case

_FAMILIES = (
    torch_products.products,
    torch_layers.layers,
    torch_layers.embeddings_and_losses,
    torch_attention.attention,
    torch_tensors.elementwise,
    torch_tensors.reductions,
    torch_tensors.moves,
    torch_tensors.images,
    torch_training.optimizers,
    torch_training.control,
    bitsandbytes_cases.four_bit,
    bitsandbytes_cases.eight_bit,
    bitsandbytes_cases.adamw_8bit,
    peft_cases.lora,
    quantizer_cases.hqq,
    quantizer_cases.quanto,
    quantizer_cases.mlx,
    quantizer_cases.ternary,
    shared_ops.mlx_ops,
    shared_ops.onnxruntime_ops,
    training_runs.schedules,
    training_runs.training_runs,
)


@cache
def cases() -> tuple[Case, ...]:
    """All cases in the order of their families; names are unique."""
    found = tuple(case for family in _FAMILIES for case in family())
    names = [case.name for case in found]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"cases of one name: {', '.join(sorted(repeated))}")
    return found
