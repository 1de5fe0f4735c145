"""Element types of safetensors files and numpy's for them."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

NUMPY_OF = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "U32": np.dtype("<u4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E4M3FNUZ": np.dtype(ml_dtypes.float8_e4m3fnuz),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
    "BOOL": np.dtype("?"),
}
_STORED_AS = {dtype: name for name, dtype in NUMPY_OF.items()}

BUNDLE_DTYPES = frozenset({"F64", "F32", "F16", "BF16", "I32", "I8", "U8"})
"""What a parity bundle may hold."""

FLOAT_DTYPES = frozenset({"F64", "F32", "F16", "BF16"})


def stored_dtype(array: Array) -> str:
    """The name that safetensors has for the array's element type; KeyError where it has none."""
    return _STORED_AS[
        array.dtype.newbyteorder("<") if array.dtype.byteorder == ">" else array.dtype
    ]


def storable(array: Array) -> Array:
    """As a bundle keeps it: contiguous, a scalar of shape [1], unsigned words as the bits of signed
    ones.
    """
    contiguous = np.ascontiguousarray(array).reshape(array.shape or (1,))
    if contiguous.dtype == np.uint32:
        return contiguous.view(np.int32)
    if contiguous.dtype == np.int64:
        narrow = contiguous.astype(np.int32)
        if not np.array_equal(narrow, contiguous):
            raise OverflowError("an index does not fit into 32 bits")
        return narrow
    return contiguous.astype(np.uint8) if contiguous.dtype == np.bool_ else contiguous
