"""What runs on a GPU stays there: torch's fake tensors have a device and no elements, so that no
GPU is needed to see it.
"""

import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.backends.torch_backend import run_torch
from gradproof_bridge.bundle.stored import storable
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.cases.registry import cases

torch = pytest.importorskip("torch")
fake_tensor = pytest.importorskip("torch._subclasses.fake_tensor")

# These look into a tensor to choose their way, which fake tensors cannot tell, or hold values that
# autograd asks a real device for.
_LOOK = ("grad_scaler", "optimizer_steps", "clip_grad_norm")


def _fakes(case, device):
    """The inputs of a case without their elements."""
    inputs = {
        name: storable(x) for name, x in case.inputs(0).items() if not name.startswith("grad.")
    }
    return {
        name: torch.empty(x.shape, dtype=getattr(torch, x.dtype.name), device=device)
        for name, x in inputs.items()
    }


@pytest.mark.parametrize(
    "op", sorted({case.op for case in cases() if case.library == "torch"} - set(_LOOK))
)
def test_no_op_of_torch_mixes_devices(op):
    function = _function(op)
    for case in (case for case in cases() if case.library == "torch" and case.op == op):
        with fake_tensor.FakeTensorMode(), torch.no_grad():
            try:
                outputs = function(_fakes(case, "cuda:0"), op_spec(op).fill(case.params))
            except fake_tensor.DataDependentOutputException:
                continue
        assert {y.device.type for y in outputs.values()} == {"cuda"}, case.name


def test_losses_are_scaled_on_the_device_of_the_question(monkeypatch):
    asked = []

    class AskedError(Exception):
        pass

    def scaler(device, **_):
        asked.append(device)
        raise AskedError

    monkeypatch.setattr(torch.amp, "GradScaler", scaler)
    case = next(case for case in cases() if case.op == "grad_scaler")
    with fake_tensor.FakeTensorMode(), pytest.raises(AskedError):
        _function("grad_scaler")(_fakes(case, "cuda:0"), op_spec("grad_scaler").fill(case.params))
    assert asked == ["cuda"]


def test_quanto_unpacks_in_python_on_every_kind_of_device(monkeypatch):
    extension = pytest.importorskip("optimum.quanto.library.extensions.extension")
    quanto = pytest.importorskip("gradproof_bridge.backends.quanto_backend")

    class Compiled:
        """An extension that would be compiled at its first use."""

        _lib = None

    names = ("quanto_cpp", "quanto_cuda", "quanto_hip", "quanto_mps")
    registered = {name: Compiled() for name in names}
    monkeypatch.setattr(extension, "_extensions", registered)
    quanto.unpack_in_python()
    assert [name for name in names if registered[name]._lib is None] == []


def _function(op):
    """The function of tensors behind an op."""
    found = backend_named("torch").ops()[op]
    assert found.func is run_torch
    return found.args[0]
