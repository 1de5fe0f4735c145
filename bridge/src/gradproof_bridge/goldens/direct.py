"""What libraries give that no op of the vocabulary is: trits at a threshold that is given, and
Quanto's layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.backends.quanto_layer import codes_of
from gradproof_bridge.backends.quanto_weights import unpack_in_python
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params

if TYPE_CHECKING:
    from torch import Tensor


def ternarize(inputs: dict[str, Array], _params: Params) -> dict[str, Array]:
    """The sign of what exceeds the threshold, by torch."""
    import torch

    weight, threshold = (to_torch(inputs[name], "cpu") for name in ("weight", "threshold"))
    kept = weight.abs() > threshold
    return {"trits": to_numpy((torch.sign(weight) * kept).to(torch.int8))}


def quanto_linear(inputs: dict[str, Array], params: Params) -> dict[str, Array]:
    """QLinear, its outputs left in floats; activations in codes by the scale that a calibration on
    them finds.
    """
    import torch
    from optimum import quanto

    unpack_in_python()
    activations = quanto.qtypes.get(params["activations"])
    weight, x = (to_torch(inputs[name], "cpu") for name in ("weight", "x"))
    with deterministic(), torch.no_grad():
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        linear.weight.copy_(weight)
        layer = quanto.QLinear.from_module(
            linear, weights=quanto.qtypes[params["weights"]], activations=activations
        )
        if activations is not None:
            with quanto.Calibration():
                layer(x)
            layer.disable_output_quantization()
        layer.freeze()
        y = layer(x)
        return {
            "y": to_numpy(y.dequantize() if isinstance(y, quanto.QTensor) else y),
            **({} if activations is None else {"x_scale": to_numpy(layer.input_scale.reshape(1))}),
        }


def quanto_groups(inputs: dict[str, Array], params: Params) -> dict[str, Array]:
    """The groups that a QLinear takes of rows so wide, 0 where it is whole rows."""
    import torch
    from optimum import quanto

    sizes = []
    for width in inputs["widths"].tolist():
        linear = torch.nn.Linear(width, 1, bias=False)
        layer = quanto.QLinear.from_module(linear, weights=quanto.qtypes[params["weights"]])
        sizes.append(layer.weight_group_size or 0)
    return {"groups": np.array(sizes, np.int32)}


def quanto_chain(inputs: dict[str, Array], params: Params) -> dict[str, Array]:
    """Two QLinears, one after the other, that give codes, as a calibration on two batches scales
    them: the scales of the input and of the output of each, and what the first gives of a third
    batch.
    """
    import torch
    from optimum import quanto

    unpack_in_python()
    t = {name: to_torch(array, "cpu") for name, array in inputs.items()}
    with deterministic(), torch.no_grad():
        first, second = (_linear(t[f"weight{i}"], t[f"bias{i}"], params) for i in (0, 1))
        with quanto.Calibration(streamline=False):
            for batch in (t["x"][:5], 2 * t["x"][5:10]):
                second(first(batch))
        scales = [s for layer in (first, second) for s in (layer.input_scale, layer.output_scale)]
        first.freeze()
        return {
            "scales": to_numpy(torch.stack(scales)),
            "codes": to_numpy(codes_of(first(t["x"][10:]))),
        }


def _linear(weight: Tensor, bias: Tensor, params: Params) -> Any:
    import torch
    from optimum import quanto

    linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
    linear.weight.copy_(weight)
    linear.bias.copy_(bias)
    return quanto.QLinear.from_module(
        linear,
        weights=quanto.qtypes[params["weights"]],
        activations=quanto.qtypes[params["activations"]],
    )


def quanto_conv(inputs: dict[str, Array], params: Params) -> dict[str, Array]:
    """QConv2d with a padding of 1; where activations are codes, its scale of outputs and these."""
    import torch
    from optimum import quanto

    unpack_in_python()
    activations = quanto.qtypes.get(params["activations"])
    t = {name: to_torch(array, "cpu") for name, array in inputs.items()}
    with deterministic(), torch.no_grad():
        out, channels, *kernel = t["weight"].shape
        conv = torch.nn.Conv2d(channels, out, tuple(kernel), padding=1)
        conv.weight.copy_(t["weight"])
        conv.bias.copy_(t["bias"])
        layer = quanto.QConv2d.from_module(
            conv, weights=quanto.qtypes[params["weights"]], activations=activations
        )
        if activations is None:
            layer.freeze()
            return {"y": to_numpy(layer(t["x"]))}
        with quanto.Calibration(streamline=False):
            layer(t["x"])
        layer.freeze()
        scales = torch.stack([layer.input_scale, layer.output_scale])
        return {"scales": to_numpy(scales), "codes": to_numpy(codes_of(layer(t["x"])))}
