import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.safetensors_file import read_safetensors, write_safetensors
from gradproof_bridge.cli import main
from gradproof_bridge.commands.quantize import is_kept
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.checkpoint import read_quantized, write_quantized

TENSORS = {
    "model.embed_tokens.weight": np.ones((8, 16), np.float32),
    "model.layers.0.mlp.up_proj.weight": np.sin(np.arange(12 * 100, dtype=np.float32)).reshape(
        12, 100
    ),
    "model.layers.0.mlp.down_proj.weight": np.cos(np.arange(7 * 9))
    .reshape(7, 9)
    .astype(ml_dtypes.bfloat16),
    "model.norm.weight": np.ones(16, np.float32),
    "lm_head.weight": np.ones((8, 16), np.float32),
}


NAMES = json.loads((Path(__file__).parent / "kept_layers.json").read_text("utf-8"))
"""The tests of src/quantizer hold the engine to the same."""


@pytest.mark.parametrize(
    ("layer", "kept"), [(layer, which == "kept") for which in NAMES for layer in NAMES[which]]
)
def test_of_each_name_it_is_said_whether_it_stays(layer, kept):
    assert is_kept(f"{layer}.weight") == kept


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(write_safetensors(TENSORS, {"format": "pt"}))
    return path


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("quant_type", ["nf4", "fp4"])
def test_linear_weights_are_quantized_and_the_rest_stays(model, capsys, quant_type, double):
    out = model.with_name("quantized.safetensors")
    assert (
        main(
            [
                "quantize",
                str(model),
                str(out),
                "--quant-type",
                quant_type,
                *(["--double-quant"] if double else []),
            ]
        )
        == 0
    )
    said = capsys.readouterr().out
    who = "numpy" if backend_named("bitsandbytes").problem else "bitsandbytes"
    assert said.startswith(f"2 weights in {quant_type} by {who} ")
    metadata, tensors = read_safetensors(out.read_bytes())
    assert metadata == {"format": "pt"}
    assert np.array_equal(tensors["lm_head.weight"], TENSORS["lm_head.weight"])
    weights = read_quantized(tensors)
    assert sorted(weights) == sorted(name for name in TENSORS if "_proj" in name)
    for name, weight in weights.items():
        assert weight.dtype == TENSORS[name].dtype.name
        # No code is further from its value than the widest gap of the table, and scales in 8 bits
        # add their own.
        assert np.abs(weight.decoded() - TENSORS[name].astype(np.float32)).max() < (
            0.25 if double else 0.2
        )
    status = main(["verify", str(out)])
    said = capsys.readouterr().out
    assert status == 0, said
    assert "bitsandbytes checkpoint of 2 quantized weights" in said


@pytest.mark.skipif(
    backend_named("bitsandbytes").problem is not None,
    reason="needs bitsandbytes, which is not installed",
)
@pytest.mark.parametrize("double", [False, True])
def test_a_layer_of_bitsandbytes_loads_what_was_written(model, double):
    import torch
    from bitsandbytes.nn import Params4bit

    out = model.with_name("quantized.safetensors")
    assert main(["quantize", str(model), str(out), *(["--double-quant"] if double else [])]) == 0
    _, tensors = read_safetensors(out.read_bytes())
    name = "model.layers.0.mlp.up_proj.weight"
    parts = {
        key: torch.from_numpy(x.copy()) for key, x in tensors.items() if key.startswith(f"{name}.")
    }
    loaded = Params4bit.from_prequantized(
        torch.from_numpy(tensors[name].copy()), parts, device="cpu"
    )
    fresh = Params4bit(
        torch.from_numpy(TENSORS[name]), quant_type="nf4", blocksize=64, compress_statistics=double
    ).to("cpu")
    assert torch.equal(loaded.data, fresh.data)
    assert torch.equal(loaded.quant_state.absmax, fresh.quant_state.absmax)
    assert (
        loaded.quant_state.as_dict(packed=True).keys()
        == fresh.quant_state.as_dict(packed=True).keys()
    )


def test_what_cannot_be_quantized_is_wrong_use(model, capsys, tmp_path):
    out = tmp_path / "out.safetensors"
    assert main(["quantize", str(tmp_path / "gone"), str(out)]) == 2
    assert main(["quantize", str(model), str(out), "--keep", "*"]) == 2
    assert main(["quantize", str(model), str(out), "--blocksize", "63"]) == 2
    (tmp_path / "text").write_text("hello")
    assert main(["quantize", str(tmp_path / "text"), str(out)]) == 2
    assert not out.exists()
    assert main(["quantize", str(model), str(out)]) == 0
    assert main(["quantize", str(out), str(tmp_path / "twice")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 5
    assert "is quantized already" in said[-1]
    assert all(line.startswith("gradproof-bridge: ") for line in said)


@pytest.mark.parametrize("part", ["absmax", "nested_absmax", "nested_quant_map", "quant_map", ""])
@pytest.mark.parametrize("how", ["gone", "short"])
def test_a_part_that_is_gone_or_cut_is_named(model, part, how):
    out = model.with_name("quantized.safetensors")
    assert (
        main(
            [
                "quantize",
                str(model),
                str(out),
                "--double-quant",
                "--keep",
                "*embed*",
                "--keep",
                "lm_head*",
                "--keep",
                "*down*",
            ]
        )
        == 0
    )
    _, tensors = read_safetensors(out.read_bytes())
    name = ".".join(["model.layers.0.mlp.up_proj.weight", *([part] if part else [])])
    cut = (
        {key: x for key, x in tensors.items() if key != name}
        if how == "gone"
        else {**tensors, name: tensors[name].reshape(-1)[:0]}
    )
    with pytest.raises(FormatError) as caught:
        read_quantized(cut)
    assert str(caught.value).startswith("model.layers.0.mlp.up_proj.weight")


def test_what_is_read_is_written_again_as_it_was(model):
    out = model.with_name("quantized.safetensors")
    assert main(["quantize", str(model), str(out), "--double-quant"]) == 0
    _, tensors = read_safetensors(out.read_bytes())
    again = write_quantized(read_quantized(tensors))
    assert again.keys() == tensors.keys() - {name for name in TENSORS if "_proj" not in name}
    assert all(np.array_equal(x, tensors[name]) for name, x in again.items())
