"""What libraries give that no op of the vocabulary is: trits at a threshold that is given, and
Quanto's linear layer.
"""

from __future__ import annotations

from gradproof_bridge.backends.quanto_weights import unpack_in_python
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params


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
