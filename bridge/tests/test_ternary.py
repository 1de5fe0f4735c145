"""Thresholds and trits of torch, and what of them a judge sees."""

from pathlib import Path

import numpy as np
import pytest

from gradproof_bridge.backends.torch_backend import TorchBackend
from gradproof_bridge.bundle.bundle import read_bundle
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.compute import compute
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.philox import Draw
from gradproof_bridge.recording.judge import Judge

SET = Path(__file__).parents[2] / "public/parity"
TRITS = sorted(SET.glob("torch-*/ternarize_*.safetensors"))


@pytest.mark.parametrize("path", TRITS, ids=lambda path: path.stem)
def test_any_recorded_trit_that_is_one_off_is_found(path):
    bundle = read_bundle(path.read_bytes())
    judge = Judge(bundle.op, bundle.inputs, bundle.params)
    trits = bundle.outputs["trits"].copy()
    assert judge.findings({"trits": trits}) == []
    for at in range(0, trits.size, 7):
        right = trits.flat[at]
        trits.flat[at] += -1 if right > 0 else 1
        (finding,) = judge.findings({"trits": trits})
        assert np.ravel_multi_index(finding.deviation.index, trits.shape) == at
        trits.flat[at] = right


def test_torch_draws_ones_by_the_rule_that_stochastic_trits_go_by():
    torch = pytest.importorskip("torch")
    weight = torch.from_numpy(Draw(5, "bernoulli").normal(4097))
    threshold = 0.8
    chance = weight.abs() / (2 * threshold)

    def generator():
        return torch.Generator().manual_seed(11)

    ones = torch.bernoulli(chance.clamp(max=1), generator=generator())
    drawn = torch.rand(4097, generator=generator())
    assert torch.equal(ones, (drawn < chance).float())
    assert 0 < int((chance > 1).sum()) < 4097


def test_the_mean_of_stochastic_trits_is_the_expectation():
    pytest.importorskip("torch")
    draws = 20_000
    inputs = {"weight": np.full(draws, -0.3, np.float32), "threshold": np.ones(1, np.float32)}
    params = op_spec("ternarize").fill({"seed": 2**40 + 3})
    trits = compute(inputs, "ternarize", params, "torch:cpu")["trits"]
    chance = 0.15
    assert abs(-trits.mean() - chance) < 3 * np.sqrt(chance * (1 - chance) / draws)


def test_a_place_between_many_neighbours_is_not_rounded_to_float32():
    pytest.importorskip("torch")
    # One step between neighbours is as large as the quantile itself.
    n, q = 1_000_003, 0.3
    x = np.zeros(n, np.float32)
    x[int(q * (n - 1)) + 1 :] = 1
    params = op_spec("quantile").fill({"q": q})
    y = compute({"x": x}, "quantile", params, "torch:cpu")["y"]
    assert y[0] == np.float32(q * (n - 1) % 1)


def test_a_device_without_float64_is_refused():
    torch = pytest.importorskip("torch")
    fake_tensor = pytest.importorskip("torch._subclasses.fake_tensor")
    call = TorchBackend().ops()["quantile"].args[0]
    with fake_tensor.FakeTensorMode():
        x = torch.empty(5, device="mps")
        with pytest.raises(NotImplementedOpError, match="float64"):
            call({"x": x}, op_spec("quantile").fill({"q": 0.5}))
