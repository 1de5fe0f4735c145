"""A sample, computed by torch, as a bundle."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradproof_bridge.bundle.bundle import Bundle, read_bundle, write_bundle
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.errors import FormatError, message_of
from gradproof_bridge.opinfo.expressed import (
    Expressed,
    NotExpressibleError,
    Read,
    plain,
    stored,
    tensor_of,
)
from gradproof_bridge.opinfo.table.registry import Line, bound
from gradproof_bridge.philox import Draw
from gradproof_bridge.recording.accumulation import accumulation

if TYPE_CHECKING:
    from torch import Tensor

    from gradproof_bridge.bundle.vocabulary import Params


@dataclass(frozen=True)
class Question:
    """A sample in the words of the vocabulary, and what of torch answers it."""

    expressed: Expressed
    inputs: Mapping[str, Array]
    call: Any


def question(line: Line, function: Any, sample: Any) -> Question:
    """What a bundle of the sample would ask. Raises NotExpressibleError."""
    import torch

    def own(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        # Where two arguments are one tensor each gets a gradient of its own.
        copy = value.detach().clone()
        return copy.requires_grad_() if value.requires_grad else copy

    mine = sample.transform(own)
    expressed = bound(line, (mine.input, *mine.args), mine.kwargs)
    inputs = {name: stored(x, f"in.{name}") for name, x in expressed.inputs.items()}
    return Question(expressed, inputs, lambda: function(mine.input, *mine.args, **mine.kwargs))


def answer(asked: Question, name: str, producer: str) -> Bundle:
    """The bundle with what torch computes, and with gradients where it has them: what flows in is
    drawn by the name. Raises NotExpressibleError.
    """
    expressed = asked.expressed
    results = {
        output: y
        for output, y in zip(expressed.outputs, _results(asked.call), strict=True)
        if output is not None
    }
    results = {**results, **expressed.moved}
    outputs = {output: plain(_real(y), f"out.{output}") for output, y in results.items()}
    if expressed.shape is not None:
        outputs = {name: y.reshape(expressed.shape(results[name])) for name, y in outputs.items()}
    first, y = next(iter(results.items()))
    inputs = dict(asked.inputs)
    flowing, gradients = _gradients(expressed, y, name)
    if gradients:
        inputs[f"grad.{first}"] = flowing.reshape(outputs[first].shape)
        outputs |= gradients
    added = accumulation(expressed.op, inputs, expressed.params, outputs, "torch:cpu")
    return _checked(expressed.op, {**expressed.params, **added}, producer, inputs, outputs)


def _results(call: Any) -> Sequence[Tensor]:
    """What torch's function gives. Raises NotExpressibleError where it refuses its own sample."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = call()
        except (NotImplementedError, RuntimeError, TypeError) as error:
            raise NotExpressibleError("torch refuses its own sample") from error
    results = [found] if isinstance(found, torch.Tensor) else found
    if not isinstance(results, Sequence):
        raise NotExpressibleError("a result that is no tensor")
    return results


def _real(y: Tensor) -> Tensor:
    """Truth values as U8."""
    import torch

    return y.to(torch.uint8) if y.dtype == torch.bool else y


def _gradients(expressed: Expressed, y: Tensor, name: str) -> tuple[Any, dict[str, Array]]:
    import torch

    spec = op_spec(expressed.op)
    leaves = {
        key: leaf
        for key, operand in expressed.inputs.items()
        if (leaf := tensor_of(operand)) is not None and leaf.requires_grad
    }
    if not expressed.has_gradients or not leaves or not y.requires_grad:
        return None, {}
    kinds = {torch.float16: "f16", torch.bfloat16: "bf16"}
    drawn = Draw(0, name).normal(*y.shape, dtype=kinds.get(y.dtype, "f32"))
    flowing = torch.from_numpy(drawn.astype("float32")).to(y.dtype).reshape(y.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = torch.autograd.grad(y, list(leaves.values()), flowing, allow_unused=True)
        except (NotImplementedError, RuntimeError) as error:
            raise NotExpressibleError("torch's own gradient fails") from error
    named = {
        f"grad.{key}": plain(gradient, f"out.grad.{key}").reshape(_shape_of(expressed.inputs[key]))
        for key, gradient in zip(leaves, found, strict=True)
        if gradient is not None and spec.differentiable(key)
    }
    return plain(flowing, f"in.grad.{name}"), named


def _shape_of(operand: Any) -> tuple[int, ...]:
    tensor = operand.tensor if isinstance(operand, Read) else operand
    return tuple(tensor.shape) or (1,)


def _checked(
    op: str, params: Params, producer: str, inputs: dict[str, Array], outputs: dict[str, Array]
) -> Bundle:
    """The bundle, which can be read again."""
    bundle = Bundle(op, params, producer, "cpu", inputs, outputs, given=params)
    try:
        read_bundle(write_bundle(bundle))
    except FormatError as error:
        raise NotExpressibleError(
            _reason(message_of(error, 200).removeprefix(f"{op}: "))
        ) from error
    return bundle


def _reason(refusal: str) -> str:
    """A refusal without names and numbers, which would make a reason of each sample."""
    for pattern, reason in _REASONS.items():
        refusal = re.sub(pattern, reason, refusal)
    return refusal


_REASONS = {
    r"in\.\w+ is (I32|I8|U8); F32.*": "integers, where the op takes floats",
    r"out\.\w+ is (I32|I8|U8); F32.*": "a result in integers, where the op gives floats",
    r"params '(\w+)' is.*": r"\1 beyond what the op takes",
}
