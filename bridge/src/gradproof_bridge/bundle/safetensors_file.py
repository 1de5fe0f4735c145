"""Reads and writes safetensors files.

The library `safetensors` keeps metadata in a hash map, so two writes of one content differ; a
recording must not. The reader is strict: overlaps, holes, wrong lengths and repeated names are
refused, each in one line.
"""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gradproof_bridge.bundle.stored import NUMPY_OF, Array, stored_dtype
from gradproof_bridge.errors import FormatError, message_of

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_HEADER_BYTES = 100_000_000
"""As the library `safetensors` limits it."""
_MAX_DIMENSIONS = 8


def write_safetensors(tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """The file with these tensors: widest elements first, then by name, so that equal content is
    equal bytes and all is aligned.
    """
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    parts: list[bytes] = []
    at = 0
    for name in names:
        data = tensors[name].tobytes()
        header[name] = {
            "dtype": stored_dtype(tensors[name]),
            "shape": list(tensors[name].shape),
            "data_offsets": [at, at + len(data)],
        }
        parts.append(data)
        at += len(data)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def read_safetensors(file: bytes) -> tuple[dict[str, str], dict[str, Array]]:
    """Metadata and tensors of a file. Raises FormatError with one line about the first thing that
    is wrong.
    """
    header, data = _split(file)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(
        isinstance(value, str) for value in metadata.values()
    ):
        raise FormatError("__metadata__ is not an object of strings")
    spans = {name: _span(name, entry) for name, entry in header.items()}
    _check_layout({name: span[2:] for name, span in spans.items()}, len(data))
    return metadata, {
        name: np.frombuffer(data[start:end], dtype=NUMPY_OF[dtype]).reshape(shape)
        for name, (dtype, shape, start, end) in spans.items()
    }


def _split(file: bytes) -> tuple[dict[str, Any], memoryview]:
    if len(file) < 8:
        raise FormatError(
            f"a file of {len(file)} bytes is no safetensors file: the length of the header alone takes 8"
        )
    (length,) = struct.unpack("<Q", file[:8])
    if length > MAX_HEADER_BYTES:
        raise FormatError(
            f"the header claims {length} bytes; at most {MAX_HEADER_BYTES} are allowed"
        )
    if length > len(file) - 8:
        raise FormatError(
            f"the header claims {length} bytes and the file has {len(file) - 8} after the length: it is cut off"
        )
    try:
        header = json.loads(
            file[8 : 8 + length].decode(), object_pairs_hook=_unique, parse_constant=_refuse
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FormatError(f"the header is no JSON: {message_of(error, 200)}") from error
    if not isinstance(header, dict):
        raise FormatError("the header is no JSON object")
    return header, memoryview(file)[8 + length :]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _span(name: str, entry: object) -> tuple[str, tuple[int, ...], int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise FormatError(f"tensor {name!r} needs dtype, shape and data_offsets, and nothing else")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if dtype not in NUMPY_OF:
        raise FormatError(
            f"tensor {name!r} has the dtype {str(dtype)[:20]!r}, which is not known here"
        )
    if not _counts(shape) or len(shape) > _MAX_DIMENSIONS:
        raise FormatError(f"tensor {name!r} has no shape of at most {_MAX_DIMENSIONS} sizes")
    if not _counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise FormatError(f"tensor {name!r} has no data_offsets [start, end]")
    needed = math.prod(shape) * NUMPY_OF[dtype].itemsize
    if offsets[1] - offsets[0] != needed:
        raise FormatError(
            f"tensor {name!r} of shape {shape} takes {needed} bytes; its offsets span {offsets[1] - offsets[0]}"
        )
    return dtype, tuple(shape), offsets[0], offsets[1]


def _counts(value: object) -> bool:
    return isinstance(value, list) and all(type(n) is int and 0 <= n < 2**53 for n in value)


def _check_layout(spans: Mapping[str, tuple[int, int]], size: int) -> None:
    at = 0
    for name, (start, end) in sorted(spans.items(), key=lambda item: item[1]):
        if start != at:
            raise FormatError(
                f"tensor {name!r} starts at byte {start} of the data and the one before ends at {at}"
            )
        at = end
    if at != size:
        raise FormatError(f"the tensors take {at} bytes and the file has {size}")
