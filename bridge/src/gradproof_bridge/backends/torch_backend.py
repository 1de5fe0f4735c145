"""PyTorch on CPU, CUDA and MPS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from operator import add, mul, sub
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch, torch_devices
from gradproof_bridge.backends.torch_ops import linear, nn, optim, tensors
from gradproof_bridge.bundle.vocabulary import Params, op_spec

if TYPE_CHECKING:
    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors

    TorchOp = Callable[[Mapping[str, Tensor], Params], Tensors]

_OPS: Mapping[str, TorchOp] = {
    "matmul": linear.matmul,
    "swiglu_mlp": linear.swiglu_mlp,
    "softmax": nn.softmax,
    "log_softmax": nn.log_softmax,
    "rms_norm": nn.rms_norm,
    "layer_norm": nn.layer_norm,
    "batch_norm": nn.batch_norm,
    "rotary_embedding": nn.rotary_embedding,
    "rotary_embedding_cache": nn.rotary_embedding_cache,
    "scaled_dot_product_attention": nn.scaled_dot_product_attention,
    "relu": nn.relu,
    "silu": nn.silu,
    "sigmoid": nn.sigmoid,
    "gelu": nn.gelu,
    "embedding": nn.embedding,
    "cross_entropy": nn.cross_entropy,
    "nll_loss": nn.nll_loss,
    "add": tensors.binary(add),
    "sub": tensors.binary(sub),
    "mul": tensors.binary(mul),
    "div": tensors.div,
    "clip": tensors.clip,
    "cast": tensors.cast,
    "reduce_sum": tensors.reduce_sum,
    "reduce_mean": tensors.reduce_mean,
    "reduce_max": tensors.reduce_max,
    "argmax": tensors.argmax,
    "transpose": tensors.transpose,
    "concat": tensors.concat,
    "gather": tensors.gather,
    "conv2d": tensors.conv2d,
    "max_pool2d": tensors.max_pool2d,
    "avg_pool2d": tensors.avg_pool2d,
    "global_avg_pool2d": tensors.global_avg_pool2d,
    "quantize_linear": tensors.quantize_linear,
    "dequantize_linear": tensors.dequantize_linear,
    "optimizer_steps": optim.optimizer_steps,
    "clip_grad_norm": optim.clip_grad_norm,
    "grad_scaler": optim.grad_scaler,
}


class TorchBackend(Backend):
    """PyTorch's own functions; gradients by its autograd."""

    name: ClassVar[str] = "torch"
    distributions: ClassVar[tuple[str, ...]] = ("torch",)
    modules: ClassVar[tuple[str, ...]] = ("torch",)
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    def devices(self) -> tuple[str, ...]:
        return torch_devices()

    def computes(self, call: Call) -> bool:
        return call.op in _OPS and call.params.get("optimizer") not in ("adamw8bit", "adagrad", "momentum")

    def ops(self) -> Mapping[str, Compute]:
        return {name: partial(run_torch, op) for name, op in _OPS.items()}


def run_torch(op: TorchOp, call: Call) -> Outputs:
    """Runs a function of tensors on the call's arrays; gradients that flow in go through autograd to the inputs that have one."""
    import torch

    spec = op_spec(call.op)
    with deterministic(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        values = {name: to_torch(array, call.device) for name, array in call.inputs.items() if not name.startswith("grad.")}
        incoming = {name[5:]: to_torch(array, call.device) for name, array in call.inputs.items() if name.startswith("grad.")}
        leaves = {name: x for name, x in values.items() if incoming and spec.differentiable(name) and x.is_floating_point()}
        for leaf in leaves.values():
            leaf.requires_grad_()
        outputs = op(values, call.params)
        found = {name: to_numpy(y) for name, y in outputs.items()}
        if leaves:
            targets = [outputs[name] for name in incoming]
            flowing = [grad.reshape(y.shape) for grad, y in zip(incoming.values(), targets, strict=True)]
            gradients = torch.autograd.grad(targets, list(leaves.values()), flowing, allow_unused=True)
            for (name, leaf), gradient in zip(leaves.items(), gradients, strict=True):
                found[f"grad.{name}"] = np.zeros(leaf.shape, np.float32) if gradient is None else to_numpy(gradient)
    return found
