"""Convolution and pooling; padding that ONNX derives is written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.onnx_tests.node_test import Converted, NodeTest, NotConvertibleError


def conv(test: NodeTest) -> Converted:
    """Conv over two dimensions."""
    x, weight = test.inputs["X"], test.inputs["W"]
    params = _window(test, x.shape, weight.shape[2:])
    params["groups"] = test.get("group", 1)
    inputs = {
        "x": x,
        "weight": weight,
        **({"bias": test.inputs["B"]} if "B" in test.inputs else {}),
    }
    return Converted("conv2d", params, inputs, {"y": test.outputs[0]})


def pool(op: str) -> Callable[[NodeTest], Converted]:
    """MaxPool and AveragePool over two dimensions; places of the largest are not in the vocabulary."""

    def convert(test: NodeTest) -> Converted:
        x = test.inputs["X"]
        if x.dtype.name == "uint8":
            raise NotConvertibleError("the vocabulary pools floats alone")
        kernel = [int(n) for n in test.get("kernel_shape")]
        y = test.outputs[0]
        if x.ndim == 3:
            # A line is an image of one row.
            x, y, kernel, test = x[:, :, None], y[:, :, None], [1, *kernel], _one_row(test)
        params = {
            "kernel": kernel,
            **_window(test, x.shape, kernel),
            "ceil_mode": bool(test.get("ceil_mode", 0)),
        }
        if op == "avg_pool2d":
            params["count_include_pad"] = bool(test.get("count_include_pad", 0))
        return Converted(op, params, {"x": x}, {"y": y})

    return convert


def _one_row(test: NodeTest) -> NodeTest:
    widened = dict(test.attributes)
    for name, nothing in (("strides", 1), ("dilations", 1)):
        if name in widened:
            widened[name] = [nothing, *widened[name]]
    if "pads" in widened:
        before, after = widened["pads"]
        widened["pads"] = [0, before, 0, after]
    return replace(test, attributes=widened)


def global_average_pool(test: NodeTest) -> Converted:
    """GlobalAveragePool over two dimensions."""
    return Converted("global_avg_pool2d", {}, {"x": test.inputs["X"]}, {"y": test.outputs[0]})


def _window(test: NodeTest, shape: tuple[int, ...], kernel: tuple[int, ...] | list[int]) -> Params:
    if len(shape) != 4:
        raise NotConvertibleError(
            f"the vocabulary has windows over two dimensions, not over {len(shape) - 2}"
        )
    stride = [int(n) for n in test.get("strides", [1, 1])]
    dilation = [int(n) for n in test.get("dilations", [1, 1])]
    how = test.get("auto_pad", "NOTSET")
    padding = [int(n) for n in test.get("pads", [0, 0, 0, 0])]
    if how.startswith("SAME"):
        sides = [
            _same(shape[d + 2], int(kernel[d]), stride[d], dilation[d], upper=how == "SAME_UPPER")
            for d in (0, 1)
        ]
        padding = [sides[0][0], sides[1][0], sides[0][1], sides[1][1]]
    return {"stride": stride, "padding": padding, "dilation": dilation}


def _same(size: int, kernel: int, stride: int, dilation: int, *, upper: bool) -> tuple[int, int]:
    """Padding so that the output has size / stride cells; the odd one goes to the end with
    SAME_UPPER.
    """
    total = max(0, (-(-size // stride) - 1) * stride + dilation * (kernel - 1) + 1 - size)
    less = total // 2
    return (less, total - less) if upper else (total - less, less)
