import json
import struct

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import load

from gradproof_bridge.bundle.safetensors_file import read_safetensors, write_safetensors
from gradproof_bridge.errors import FormatError

TENSORS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.array([1, 2, 3], np.uint8),
    "half": np.array([[1.5]], ml_dtypes.bfloat16),
}


def file_of(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_what_is_written_is_read_again():
    file = write_safetensors(TENSORS, {"z": "1", "a": "2"})
    metadata, tensors = read_safetensors(file)
    assert metadata == {"a": "2", "z": "1"}
    assert {name: (x.dtype, x.shape, x.tobytes()) for name, x in tensors.items()} == {
        name: (x.dtype, x.shape, x.tobytes()) for name, x in TENSORS.items()
    }


def test_the_library_reads_what_is_written():
    found = load(write_safetensors({name: TENSORS[name] for name in ("a", "b")}, {"key": "value"}))
    assert {name: x.tolist() for name, x in found.items()} == {
        name: TENSORS[name].tolist() for name in ("a", "b")
    }


def test_equal_content_is_equal_bytes_whatever_the_order():
    reverse = dict(reversed(TENSORS.items()))
    assert write_safetensors(TENSORS, {"a": "1", "b": "2"}) == write_safetensors(
        reverse, {"b": "2", "a": "1"}
    )


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "0 bytes"),
        (struct.pack("<Q", 1 << 60), "the header claims"),
        (struct.pack("<Q", 50) + b"{}", "cut off"),
        (file_of(b"{"), "no JSON"),
        (file_of(b'{"a":1,"a":1}'), "twice"),
        (file_of(b'{"a":NaN}'), "NaN"),
        (file_of(b"[" * 100_000), "no JSON"),
        (file_of([1]), "no JSON object"),
        (file_of({"__metadata__": {"a": 1}}), "object of strings"),
        (file_of({"t": entry(dtype="F8")}, b"1234"), "dtype"),
        (file_of({"t": entry(shape=(-1,))}, b"1234"), "shape"),
        (file_of({"t": entry(shape=(True,))}, b"1234"), "shape"),
        (file_of({"t": entry(shape=(1,) * 9)}, b"1234"), "at most 8"),
        (file_of({"t": entry(shape=(2**40, 2**40))}, b"1234"), "takes"),
        (file_of({"t": entry(offsets=(4, 0))}, b"1234"), "data_offsets"),
        (file_of({"t": entry(offsets=(4, 8))}, b"12345678"), "starts at byte 4"),
        (file_of({"t": entry(), "u": entry()}, b"1234"), "starts at byte 0"),
        (file_of({"t": entry()}, b"12345"), "take 4 bytes"),
        (file_of({"t": {**entry(), "more": 1}}, b"1234"), "nothing else"),
    ],
)
def test_hostile_files_are_refused_in_one_line(file, said):
    with pytest.raises(FormatError, match=said) as caught:
        read_safetensors(file)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
