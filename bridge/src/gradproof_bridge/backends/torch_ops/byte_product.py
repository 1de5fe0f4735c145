"""Products with weights in codes of 8 bits, as torch exports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def is_of_torch(params: Params) -> bool:
    """Whether torch exports such weights: of whole numbers, with a scale for all, or for each row or
    column.
    """
    rows, columns = params["out_features"], params["in_features"]
    return params["codes"] in ("int8", "uint8") and (
        params["axis"] == -1 or params["blocksize"] in (columns, rows * columns)
    )


def matmul_8bit(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.matmul by what `dequantize` of torch's exported graphs decodes."""
    import torch
    from torch.ao.quantization.fx import _decomposed as ops

    q, scale = t["q"], t["scale"]
    # Codes of a byte less others would wrap.
    zeros = t.get("zero_point", torch.zeros_like(scale)).to(torch.int64)
    range_of = torch.iinfo(q.dtype)
    kept = range_of.min, range_of.max, q.dtype
    if scale.numel() == 1:
        weight = ops.dequantize_per_tensor_tensor(q, scale, zeros, *kept)
    else:
        weight = ops.dequantize_per_channel(q, scale, zeros, params["axis"] % 2, *kept)
    weight = weight.to(t["x"])
    return {"y": t["x"] @ (weight.T if params["transpose_weight"] else weight)}


OPS = {"matmul_8bit": matmul_8bit}
