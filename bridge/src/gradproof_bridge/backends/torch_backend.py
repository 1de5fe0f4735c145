"""PyTorch on CPU, CUDA and MPS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from gradproof_bridge.backends import torch_ops
from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch, torch_devices
from gradproof_bridge.backends.torch_ops.byte_product import is_of_torch
from gradproof_bridge.bundle.vocabulary import Params, op_spec
from gradproof_bridge.folder import declared, joined

if TYPE_CHECKING:
    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors

    TorchOp = Callable[[Mapping[str, Tensor], Params], Tensors]


@cache
def _ops() -> Mapping[str, TorchOp]:
    """Every op by name: each module of `torch_ops` has its own in `OPS`."""
    return joined(cast("tuple[Mapping[str, TorchOp], ...]", declared(torch_ops, "OPS")))


class TorchBackend(Backend):
    """PyTorch's own functions; gradients by its autograd."""

    name: ClassVar[str] = "torch"
    distributions: ClassVar[tuple[str, ...]] = ("torch",)
    modules: ClassVar[tuple[str, ...]] = ("torch",)
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    def devices(self) -> tuple[str, ...]:
        return torch_devices()

    def computes(self, call: Call) -> bool:
        if call.op == "matmul_8bit":
            return is_of_torch(call.params)
        return call.op in _ops() and call.params.get("optimizer") not in (
            "adamw8bit",
            "adagrad",
            "momentum",
        )

    def ops(self) -> Mapping[str, Compute]:
        return {name: partial(run_torch, op) for name, op in _ops().items()}


def run_torch(op: TorchOp, call: Call) -> Outputs:
    """Runs a function of tensors on the call's arrays; gradients that flow in go through autograd
    to the inputs that have one.
    """
    import torch

    spec = op_spec(call.op)
    with deterministic(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        values = {
            name: to_torch(array, call.device)
            for name, array in call.inputs.items()
            if not name.startswith("grad.")
        }
        incoming = {
            name[5:]: to_torch(array, call.device)
            for name, array in call.inputs.items()
            if name.startswith("grad.")
        }
        leaves = {
            name: x
            for name, x in values.items()
            if incoming and spec.differentiable(name) and x.is_floating_point()
        }
        for leaf in leaves.values():
            leaf.requires_grad_()
        outputs = op(values, call.params)
        found = {name: to_numpy(y) for name, y in outputs.items()}
        if leaves:
            targets = [outputs[name] for name in incoming]
            flowing = [
                grad.reshape(y.shape) for grad, y in zip(incoming.values(), targets, strict=True)
            ]
            gradients = torch.autograd.grad(
                targets, list(leaves.values()), flowing, allow_unused=True
            )
            for (name, leaf), gradient in zip(leaves.items(), gradients, strict=True):
                found[f"grad.{name}"] = (
                    np.zeros(leaf.shape, np.float32) if gradient is None else to_numpy(gradient)
                )
    return found
