"""Quanto's activations, their linear layer of qint8, and the calibration of their scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch

if TYPE_CHECKING:
    from torch import Tensor

    from gradproof_bridge.backends.base import Call, Outputs


def is_in_float32(call: Call) -> bool:
    """Whether Quanto computes the call as it is defined: it divides in the type of x."""
    return bool(call.inputs["x"].dtype == np.float32)


def quanto_activation(call: Call) -> Outputs:
    """quantize_activation, and what its codes decode to."""
    from optimum import quanto

    x, scale = (to_torch(call.inputs[name], call.device) for name in ("x", "scale"))
    leaf = x.clone().requires_grad_()
    with deterministic():
        qtype = quanto.qtypes[call.params["qtype"]]
        coded = quanto.quantize_activation(leaf, qtype=qtype, scale=scale.reshape(()))
        dequant = coded.dequantize()
        results = {"q": codes_of(coded), "dequant": dequant.detach()}
        if call.wants_gradients:
            dequant.backward(to_torch(call.inputs["grad.dequant"], call.device))
            results["grad.x"] = leaf.grad
    return {name: to_numpy(tensor) for name, tensor in results.items()}


def codes_of(quantized: Any) -> Tensor:
    """The codes of a QBytesTensor, those of floats as bytes."""
    import torch

    data: Tensor = quantized._data
    return data.view(torch.uint8) if quantized.qtype.is_floating_point else data


def quanto_linear(call: Call) -> Outputs:
    """QLinear, whose output is not quantized, as where nothing takes it in codes."""
    import torch
    from optimum import quanto

    t = {name: to_torch(array, call.device) for name, array in call.inputs.items()}
    x, q = t["x"], t["q"]
    with deterministic():
        layer = _layer(q.shape[1], q.shape[0], call.device)
        layer.weight = torch.nn.Parameter(
            quanto.WeightQBytesTensor(
                quanto.qint8, 0, q.size(), q.stride(), q, t["scale"], quanto.qint8
            )
        )
        layer.bias = torch.nn.Parameter(t["bias"]) if "bias" in t else None
        layer.input_scale = t["input_scale"].reshape(())
        leaf = x.clone().requires_grad_()
        y = layer(leaf)
        q_x = quanto.quantize_activation(x, qtype=quanto.qint8, scale=layer.input_scale)._data
        acc = torch._int_mm(q_x.reshape(-1, q.shape[1]), q.t())
        results = {"q_x": q_x, "acc": acc.reshape(y.shape), "y": y.detach()}
        if call.wants_gradients:
            y.backward(t["grad.y"])
            results["grad.x"] = leaf.grad
    return {name: to_numpy(tensor) for name, tensor in results.items()}


def quanto_calibrate(call: Call) -> Outputs:
    """What Calibration makes of the scale of a layer's input before the layer computes."""
    import torch
    from optimum import quanto

    x, before = (to_torch(call.inputs[name], call.device) for name in ("x", "input_scale"))
    with deterministic(), torch.no_grad():
        layer = _layer(x.shape[-1], 1, call.device, activations=call.params["qtype"])
        layer.input_scale = before.reshape(())
        quanto.Calibration(streamline=False).calibrate_input(layer, (x,))
        return {"input_scale": to_numpy(layer.input_scale.reshape(1))}


def _layer(columns: int, outputs: int, device: str, activations: str = "qint8") -> Any:
    from optimum import quanto

    linear = quanto.QLinear(
        columns,
        outputs,
        bias=False,
        device=device,
        weights=quanto.qint8,
        activations=activations,
        quantize_input=True,
    )
    linear.disable_output_quantization()
    return linear
