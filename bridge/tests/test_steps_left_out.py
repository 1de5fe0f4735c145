"""Steps of recorded runs that were left out, since gradients or what is between overflowed."""

from pathlib import Path

import numpy as np
import pytest

from gradproof_bridge.bundle.bundle import Bundle, read_bundle
from gradproof_bridge.recording.judge import judge_bundle

SET = Path(__file__).parents[2] / "public/parity/transformers-5.23.0"
QUERY = "model.layers.0.self_attn.q_proj.lora_A"


def found(name, change):
    bundle = read_bundle((SET / f"llama_{name}.safetensors").read_bytes())
    outputs = {output: x.copy() for output, x in bundle.outputs.items()}
    change(outputs)
    with np.errstate(all="ignore"):
        findings = judge_bundle(Bundle(**{**vars(bundle), "outputs": outputs})).findings
    return [finding.output for finding in findings]


@pytest.mark.parametrize("part", ["", ".exp_avg", ".exp_avg_absmax", ".exp_avg_sq_absmax"])
def test_a_step_that_overflows_leaves_parameters_and_moments_as_they_were(part):
    def changed(outputs):
        x = outputs[f"state.10.{QUERY}{part}"].reshape(-1)
        x[0] = x[0] ^ 1 if x.dtype == np.uint8 else x[0] * 1.01

    assert found("lora_8bit_fp16_overflow", lambda _: None) == []
    assert f"state.10.{QUERY}{part}" in found("lora_8bit_fp16_overflow", changed)


def test_a_step_that_the_library_alone_left_out_is_right_where_it_left_all_as_it_was():
    def overflowed(outputs):
        outputs["grad_norms"][199] = np.nan

    def unmoved(outputs):
        overflowed(outputs)
        for name in outputs:
            if name.startswith("lora."):
                outputs[name] = outputs[name.replace("lora.", "state.200.")]

    assert found("lora_fp16_scaled_200_steps", unmoved) == []
    moved = found("lora_fp16_scaled_200_steps", overflowed)
    assert len(moved) == 4
    assert all(name.startswith("lora.") for name in moved)
