"""Steps of fine-tuning that are timed are steps: what is trained moves, and the base is in codes."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("bitsandbytes")
pytest.importorskip("peft")
pytest.importorskip("transformers")

from gradproof_bridge.cli import main
from gradproof_bridge.timing import steps

TINY = {
    in_codes: steps.Step(9, 64, 128, 1, 2, 32, in_codes=in_codes, rank=4)
    for in_codes in (False, True)
}


@pytest.mark.parametrize("in_codes", [False, True])
def test_the_loss_falls_by_adapters_alone(in_codes: bool) -> None:
    take = steps.prepared(TINY[in_codes], "cpu")
    losses = [take() for _ in range(30)]
    assert losses[-1] < losses[0] - 0.01


def test_a_base_in_codes_has_its_linears_in_four_bits() -> None:
    model = steps._model(TINY[True]).to("cpu")
    base = [(name, x) for name, x in model.named_parameters() if "base_layer" in name]
    assert len(base) == 7
    for name, x in base:
        assert (name, str(x.dtype)) == (name, "torch.uint8")
        assert x.numel() in {64 * 64 // 2, 64 * 128 // 2}
    trained = {name.split(".")[-3] for name, x in model.named_parameters() if x.requires_grad}
    assert trained == {"lora_A", "lora_B"}


def test_the_command_tells_each_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in list(steps.STEPS):
        monkeypatch.setitem(steps.STEPS, name, TINY["nf4" in name])
    assert main(["steps", "--samples", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["libraries"]) == {"torch", "transformers", "peft", "bitsandbytes"}
    assert told["device"] == "cpu"
    found = told["steps"]
    assert set(found) == set(steps.STEPS)
    for one in found.values():
        assert len(one["ms"]) == 2
        assert min(one["ms"]) <= one["medianMs"] <= max(one["ms"])
