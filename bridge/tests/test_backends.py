import numpy as np
import pytest

from gradproof_bridge.backends.registry import backend_named, backends, devices, resolve
from gradproof_bridge.bundle.vocabulary import vocabulary
from gradproof_bridge.cli import main
from gradproof_bridge.compute import compute
from gradproof_bridge.errors import (
    BridgeError,
    ComputeError,
    FormatError,
    MissingDeviceError,
    MissingLibraryError,
    NotImplementedOpError,
)

X = np.ones((2, 3), np.float32)


def test_every_op_of_the_vocabulary_is_somebody_s():
    able = {op for backend in backends() for op in backend.ops()}
    assert able == set(vocabulary())


def test_the_processor_is_always_there():
    assert devices()[0] == "cpu"
    assert resolve("softmax", "numpy")[1] == "cpu"


def test_a_library_of_the_name_of_its_device_is_found_by_both():
    pytest.importorskip("mlx.core")
    found = [resolve("mlx_matmul", where) for where in ("mlx", "mlx:mlx")]
    assert [(backend.name, device) for backend, device in found] == [("mlx", "mlx")] * 2


@pytest.mark.parametrize(
    ("op", "where", "error"),
    [
        ("softmax", "cuda:99", (MissingDeviceError, MissingLibraryError)),
        ("softmax", "abacus", (MissingDeviceError, MissingLibraryError)),
        ("hqq_quantize", "torch", NotImplementedOpError),
    ],
)
def test_what_cannot_be_computed_is_said_in_one_line(op, where, error):
    with pytest.raises(error) as caught:
        resolve(op, where)
    assert "\n" not in str(caught.value)


def test_an_unknown_backend_is_said():
    with pytest.raises(MissingLibraryError, match="known are"):
        backend_named("abacus")


def test_inputs_that_do_not_fit_are_the_library_s_one_line():
    with pytest.raises(BridgeError) as caught:
        compute({"a": X, "b": X}, "matmul", {}, "numpy")
    assert isinstance(caught.value, ComputeError)
    assert "\n" not in str(caught.value)
    with pytest.raises(FormatError, match=r"no tensor .in\.z."):
        compute({"x": X, "z": X}, "softmax", {}, "numpy")


def test_gradients_come_out_where_they_flow_in():
    found = compute({"x": X, "grad.y": X}, "softmax", {}, "numpy")
    assert sorted(found) == ["grad.x", "y"]
    assert found["y"].dtype == np.float32


@pytest.mark.parametrize("to", ["float16", "bfloat16", "float64"])
def test_a_cast_is_stored_as_what_it_casts_to(to):
    found = compute({"x": X, "grad.y": X}, "cast", {"to": to}, "numpy")
    assert found["y"].dtype.name == to
    assert found["grad.x"].dtype == np.float32


def test_doctor_says_who_computes_each_op(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "numpy" in said
    assert all(op in said for op in vocabulary())


def test_torch_takes_no_short_cuts_and_has_its_settings_back():
    torch = pytest.importorskip("torch")
    arrays = pytest.importorskip("gradproof_bridge.backends.torch_arrays")

    def settings() -> tuple[bool, bool, str]:
        matmul = torch.backends.cuda.matmul
        return (
            torch.backends.cudnn.allow_tf32,
            matmul.allow_fp16_reduced_precision_reduction,
            torch.get_float32_matmul_precision(),
        )

    torch.set_float32_matmul_precision("medium")
    try:
        before = settings()
        with arrays.deterministic():
            assert settings() == (False, False, "highest")
        assert settings() == before == (True, True, "medium")
    finally:
        torch.set_float32_matmul_precision("highest")


def test_a_library_compiles_nothing_for_a_shape():
    pytest.importorskip("bitsandbytes")
    from torch._dynamo.utils import counters

    counters.clear()
    # Of no whole block: the library has a kernel of its own for others.
    weight = np.arange(37 * 53, dtype=np.float32).reshape(37, 53)
    params = {"quant_type": "nf4", "blocksize": 64}
    compute({"weight": weight}, "quantize_4bit", params, "bitsandbytes")
    assert not counters
