"""Normalizations. The vocabulary has a weight in each; torch's own without one is that of ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.opinfo.expressed import Expressed, NotExpressibleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def _filled(given: Tensor | None, shape: Sequence[int], like: Tensor, value: float) -> Tensor:
    import torch

    return torch.full(tuple(shape), value, dtype=like.dtype) if given is None else given


def layer_norm(
    input: Tensor,  # noqa: A002 - torch's name
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Expressed:
    """torch.nn.functional.layer_norm."""
    inputs = {"x": input, "weight": _filled(weight, normalized_shape, input, 1.0)}
    params = {"axis": -len(normalized_shape), "eps": eps}
    return Expressed("layer_norm", params, inputs | ({} if bias is None else {"bias": bias}))


def native_layer_norm(
    input: Tensor,  # noqa: A002
    normalized_shape: Sequence[int],
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> Expressed:
    """torch.native_layer_norm, which gives means and deviations too."""
    found = layer_norm(input, normalized_shape, weight, bias, eps)
    return Expressed(found.op, found.params, found.inputs, ("y", None, None))


def rms_norm(
    input: Tensor,  # noqa: A002
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Expressed:
    """torch.nn.functional.rms_norm; its own eps is that of the format it computes in."""
    import torch

    computes = torch.float64 if input.dtype == torch.float64 else torch.float32
    params = {
        "axis": -len(normalized_shape),
        "eps": torch.finfo(computes).eps if eps is None else eps,
    }
    inputs = {"x": input, "weight": _filled(weight, normalized_shape, input, 1.0)}
    return Expressed("rms_norm", params, inputs)


def batch_norm(
    input: Tensor,  # noqa: A002
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Expressed:
    """torch.nn.functional.batch_norm, which moves the running statistics in training."""
    if input.ndim < 2:
        raise NotExpressibleError("a tensor without a dimension of channels")
    channels = input.shape[1:2]
    moved = {"running_mean": running_mean, "running_var": running_var} if training else {}
    return Expressed(
        "batch_norm",
        {"training": training, "momentum": momentum, "eps": eps},
        {
            "x": input,
            "weight": _filled(weight, channels, input, 1.0),
            "bias": _filled(bias, channels, input, 0.0),
            "running_mean": _filled(running_mean, channels, input, 0.0),
            "running_var": _filled(running_var, channels, input, 1.0),
        },
        moved={name: x for name, x in moved.items() if x is not None},
    )


def batch_norm_with_update(
    input: Tensor,  # noqa: A002
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float,
    eps: float,
) -> Expressed:
    """torch.ops.aten._batch_norm_with_update, which trains and gives three results more."""
    found = batch_norm(input, running_mean, running_var, weight, bias, True, momentum, eps)
    outputs = ("y", None, None, None)
    return Expressed(found.op, found.params, found.inputs, outputs, found.moved)


def native_batch_norm(
    input: Tensor,  # noqa: A002
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Expressed:
    """torch.native_batch_norm, which gives means and deviations too."""
    found = batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    return Expressed(found.op, found.params, found.inputs, ("y", None, None), found.moved)


def group_norm(
    input: Tensor,  # noqa: A002
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Expressed:
    """torch.nn.functional.group_norm."""
    params = {"num_groups": num_groups, "eps": eps}
    return Expressed("group_norm", params, _given(x=input, weight=weight, bias=bias))


def native_group_norm(
    input: Tensor,  # noqa: A002
    weight: Tensor | None,
    bias: Tensor | None,
    samples: int,
    channels: int,
    pixels: int,
    groups: int,
    eps: float,
) -> Expressed:
    """torch.native_group_norm, which gives means and deviations too."""
    if tuple(input.shape[:2]) != (samples, channels):
        raise NotExpressibleError("sizes that are not those of the tensor")
    found = group_norm(input, groups, weight, bias, eps)
    return Expressed(found.op, found.params, found.inputs, ("y", None, None))


def instance_norm(
    input: Tensor,  # noqa: A002
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Expressed:
    """torch.nn.functional.instance_norm by statistics of the input; the running ones that it moves
    are not in the vocabulary.
    """
    if not use_input_stats:
        raise NotExpressibleError("instance_norm by running statistics")
    return Expressed("instance_norm", {"eps": eps}, _given(x=input, weight=weight, bias=bias))


def _given(**tensors: Tensor | None) -> dict[str, Tensor]:
    return {name: x for name, x in tensors.items() if x is not None}


TABLE = {
    "nn.functional.group_norm": group_norm,
    "native_group_norm": native_group_norm,
    "nn.functional.instance_norm": instance_norm,
    "nn.functional.layer_norm": layer_norm,
    "native_layer_norm": native_layer_norm,
    "nn.functional.rms_norm": rms_norm,
    "nn.functional.batch_norm": batch_norm,
    "native_batch_norm": native_batch_norm,
    "_native_batch_norm_legit": native_batch_norm,
    "_batch_norm_with_update": batch_norm_with_update,
}
