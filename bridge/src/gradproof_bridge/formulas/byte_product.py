"""Products with weights in codes of 8 bits: ONNX's and torch's affine integers, Quanto's integers and
floats, bitsandbytes' map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np

from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded
from gradproof_bridge.formulas.decoded_product import decoded_product
from gradproof_bridge.formulas.shapes import block_of

if TYPE_CHECKING:
    from gradproof_bridge.backends.base import Inputs
    from gradproof_bridge.bundle.vocabulary import Params

_FLOATS = {
    "e4m3": ml_dtypes.float8_e4m3fn,
    "e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "e5m2": ml_dtypes.float8_e5m2,
}


def matmul_8bit(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """Y = x W^T, or x W, with W = (value of q - zero_point) scale, of blocks of the flat weight or of
    columns; dx = dy W.
    """
    rows, columns = params["out_features"], params["in_features"]
    if params["axis"] == 0:
        block = block_of(rows * columns, params["blocksize"]).reshape(rows, columns)
    elif params["blocksize"] == rows:
        block = np.broadcast_to(np.arange(columns), (rows, columns))
    else:
        raise FormatError("matmul_8bit: a column shares its scale whole")
    values = _values(inputs, params["codes"])
    if "zero_point" in inputs:
        values = values - inputs["zero_point"].astype(np.float64)[block]
    weight = bounded(values) * bounded(inputs["scale"])[block]
    return decoded_product(inputs, weight, transposed=params["transpose_weight"])


def _values(inputs: Inputs, codes: str) -> F64:
    q = inputs["q"]
    if codes == "map":
        return inputs["code"].astype(np.float64)[q]
    return (q.view(_FLOATS[codes]) if codes in _FLOATS else q).astype(np.float64)


FORMULAS = {"matmul_8bit": matmul_8bit}
