"""Files that `npm start -- quantize --out` saved of saved/weights.safetensors, a library each; a test
of the command line says that they are current.
"""

from pathlib import Path

import numpy as np
import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.safetensors_file import read_safetensors, write_safetensors
from gradproof_bridge.cli import main
from gradproof_bridge.verification.saved import digest_of, verify_saved

FOLDER = Path(__file__).parent / "saved"
FILES = {
    "nf4_double": ("bitsandbytes", "fc.weight"),
    "mlx": ("mlx", "fc.weight"),
    "hqq": ("hqq", "fc.W_q"),
    "quanto_int": ("quanto", "fc.weight._data._data"),
    "q4_0": ("gguf", "fc.weight"),
    "onnx_nbits_4": ("onnxruntime", "fc.weight_Q4"),
    "onnx_nbits_8": ("onnxruntime", "fc.weight_Q8"),
}
"""The library of each file, and the tensor with the codes."""
# Of each byte: HQQ's words of 3 bits have two that are no code's.
LOWEST = {"hqq": 8}


def saved(name):
    return read_safetensors((FOLDER / f"{name}.safetensors").read_bytes())


def check(name, written, tensors):
    """That of a file with one scheme."""
    (found,) = verify_saved(name, written, tensors)
    return found


def needs(library):
    problem = backend_named(library).problem
    if problem is not None:
        pytest.skip(f"needs {library}: {problem}")


def with_byte(tensors, name, place, flipped):
    """The tensors with some bits of one byte flipped."""
    codes = tensors[name]
    octets = bytearray(codes.tobytes())
    octets[place] ^= flipped
    return {**tensors, name: np.frombuffer(octets, codes.dtype).reshape(codes.shape)}


@pytest.mark.parametrize("name", FILES)
def test_the_library_decodes_what_was_saved(name, capsys):
    library, _ = FILES[name]
    needs(library)
    assert main(["verify", str(FOLDER / f"{name}.safetensors")]) == 0
    line = capsys.readouterr().out.splitlines()[-2]
    assert line.startswith("agrees")
    assert backend_named(library).producer() in line


@pytest.mark.parametrize("name", FILES)
def test_codes_that_are_off_by_one_are_seen_wherever_they_are(name):
    library, codes = FILES[name]
    needs(library)
    written, tensors = saved(name)
    assert check(name, written, tensors).verdict == "agrees"
    for place in range(0, tensors[codes].nbytes, 17):
        off = with_byte(tensors, codes, place, LOWEST.get(name, 1))
        found = check(name, written, off)
        assert (found.verdict, found.detail) == ("deviates", "fc is decoded to something else")


def test_hqq_loads_a_layer_from_the_file_alone():
    needs("hqq")
    import torch
    from hqq.core.quantize import HQQLinear
    from safetensors.torch import load_file

    written, _ = saved("hqq")
    tensors = load_file(FOLDER / "hqq.safetensors")
    layer = HQQLinear(None, None, compute_dtype=torch.float32, device="cpu", initialize=False)
    layer.load_state_dict({key[3:]: x for key, x in tensors.items() if key.startswith("fc.")})
    assert digest_of(layer.dequantize().numpy()) == written["decoded.fc"]
    assert layer(torch.ones(2, 64)).shape == (2, 12)
    # What it saves in turn is what it was given.
    again = layer.state_dict()
    assert sorted(f"fc.{key}" for key in again) == sorted(
        key for key in tensors if key[:3] == "fc."
    )
    for key, x in again.items():
        assert torch.equal(x, tensors[f"fc.{key}"]), key
        assert x.dtype == tensors[f"fc.{key}"].dtype


def test_a_layer_of_hqq_whose_file_tells_no_state_is_read_by_what_the_metadata_say():
    needs("hqq")
    written, tensors = saved("hqq")
    parts = {key: x for key, x in tensors.items() if key in ("fc.W_q", "fc.scale", "fc.zero")}
    assert check("hqq", written, parts).verdict == "agrees"


@pytest.mark.parametrize("name", [name for name in FILES if name != "nf4_double"])
def test_the_weight_of_a_convolution_is_decoded_in_its_shape(name):
    """But for bitsandbytes, whose state tells the shape too, and reads the file of a matrix so."""
    library, _ = FILES[name]
    needs(library)
    written, tensors = saved(name)
    found = check(name, {**written, "shape.fc": "12x4x4x4"}, tensors)
    assert (found.verdict, found.detail) == ("agrees", "")


def test_groups_that_the_library_took_by_itself_are_those_of_each_layer():
    needs("quanto")
    written, tensors = saved("quanto_int")
    usual = {**written, "quantizer": written["quantizer"].replace("group=32", "group=usual")}
    for group, verdict in (("32", "agrees"), ("channel", "unreadable")):
        found = check("quanto_int", {**usual, "group.fc": group}, tensors)
        assert found.verdict == verdict


def test_layers_that_were_saved_before_are_read_by_their_own_scheme():
    needs("hqq")
    needs("mlx")
    hqq, parts = saved("hqq")
    mlx, others = saved("mlx")
    earlier = {key.replace(".fc", ".up"): text for key, text in hqq.items() if "." in key}
    written = {**mlx, **earlier, "quantizer.up": hqq["quantizer"]}
    tensors = {**others, **{f"up{key[2:]}": x for key, x in parts.items() if key[:3] == "fc."}}
    found = list(verify_saved("mixed", written, tensors))
    assert [(one.verdict, one.what) for one in found] == [
        ("agrees", "mlx of 1 layers"),
        ("agrees", "hqq of 1 layers"),
    ]
    off = with_byte(tensors, "up.W_q", 0, LOWEST["hqq"])
    assert [one.verdict for one in verify_saved("mixed", written, off)] == ["agrees", "deviates"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_lacks_a_part_is_unreadable_in_one_line(name):
    library, codes = FILES[name]
    needs(library)
    written, tensors = saved(name)
    rest = {key: x for key, x in tensors.items() if key != codes}
    found = check(name, written, rest)
    assert found.verdict == "unreadable"
    assert found.detail == f"fc lacks {codes.removeprefix('fc.')}"


def test_a_library_that_is_not_there_is_named_and_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setitem(backend_named("hqq").__dict__, "problem", "hqq is not installed")
    assert main(["verify", str(FOLDER / "hqq.safetensors")]) == 0
    line = capsys.readouterr().out.splitlines()[-2]
    assert line.startswith("not-checked")
    assert "hqq is not installed; install it with: " in line


def test_a_layout_of_no_library_is_told(tmp_path, capsys):
    written, tensors = saved("q4_0")
    path = tmp_path / "a.safetensors"
    path.write_bytes(write_safetensors(tensors, {**written, "quantizer": "ternary;bits=2"}))
    assert main(["verify", str(path)]) == 0
    assert "not-checked" in capsys.readouterr().out


GGUF_FILE = FOLDER / "q8_0.gguf"


def test_gguf_reads_and_decodes_the_file_that_was_saved(capsys):
    needs("gguf")
    assert main(["verify", str(GGUF_FILE)]) == 0
    loads, decodes, *_ = capsys.readouterr().out.splitlines()
    by = backend_named("gguf").producer()
    assert loads == f"agrees       {GGUF_FILE}: GGUF of 3 tensors, by {by}: loads"
    assert decodes == f"agrees       {GGUF_FILE}: q8_0 of 1 layers, by {by}"


def test_a_code_of_a_gguf_file_that_is_off_by_one_is_seen(tmp_path, capsys):
    needs("gguf")
    from gguf import GGUFReader

    (codes,) = (one for one in GGUFReader(GGUF_FILE).tensors if one.name == "fc.weight")
    file = bytearray(GGUF_FILE.read_bytes())
    file[codes.data_offset + codes.n_bytes - 1] ^= 1
    (tmp_path / "off.gguf").write_bytes(file)
    assert main(["verify", str(tmp_path / "off.gguf")]) == 1
    assert "fc is decoded to something else" in capsys.readouterr().out


@pytest.mark.parametrize("bytes_kept", [0, 3, 100, -40])
def test_a_gguf_file_that_is_cut_off_is_unreadable_in_one_line(tmp_path, capsys, bytes_kept):
    needs("gguf")
    (tmp_path / "cut.gguf").write_bytes(GGUF_FILE.read_bytes()[:bytes_kept])
    assert main(["verify", str(tmp_path / "cut.gguf")]) == 2
    line, counts = capsys.readouterr().out.splitlines()
    assert line.startswith(f"unreadable   {tmp_path / 'cut.gguf'}: GGUF, by ")
    assert counts == "1 unreadable"
