"""The formula of each op."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas import blockwise, four_bit, hqq, int8, linear, llama, mlx, nn, optim, quanto, tensors, ternary
from gradproof_bridge.formulas.bounded import Bounded
from gradproof_bridge.formulas.expected import Expected, Real

Formula = Callable[[Inputs, Params], Mapping[str, Expected] | Mapping[str, Bounded]]

_FORMULAS: Mapping[str, Formula] = {
    "matmul": linear.matmul,
    "lora_linear": linear.lora_linear,
    "swiglu_mlp": linear.swiglu_mlp,
    "quantize_4bit": four_bit.quantize_4bit,
    "quantize_blockwise": blockwise.quantize_blockwise,
    "dynamic_map": blockwise.dynamic_map,
    "int8_vectorwise_quant": int8.int8_vectorwise_quant,
    "linear_8bit_lt": int8.linear_8bit_lt,
    "ternary_quantize": ternary.ternary_quantize,
    "bitnet_quantize": ternary.bitnet_quantize,
    "hqq_quantize": hqq.hqq_quantize,
    "quanto_quantize": quanto.quanto_quantize,
    "mlx_quantize": mlx.mlx_quantize,
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
    "sigmoid": nn.sigmoid_op,
    "gelu": nn.gelu,
    "embedding": nn.embedding,
    "cross_entropy": nn.cross_entropy,
    "nll_loss": nn.nll_loss,
    "add": tensors.add,
    "sub": tensors.sub,
    "mul": tensors.mul,
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
    "lr_schedule": optim.lr_schedule,
    "train_llama": llama.train_llama,
}


Consequence = Callable[[Inputs, Params, Mapping[str, Array]], Mapping[str, Expected]]

_CONSEQUENCES: Mapping[str, Consequence] = {"hqq_quantize": hqq.codes_given, "linear_8bit_lt": int8.product_given}


def known_ops() -> frozenset[str]:
    """The ops that have a formula."""
    return frozenset(_FORMULAS)


def expect(op: str, inputs: Inputs, params: Params) -> dict[str, Expected]:
    """What the op's formula expects of every output and gradient. KeyError for an op without one."""
    outputs = _FORMULAS[op](inputs, params)
    return {name: Real(y) if isinstance(y, Bounded) else y for name, y in outputs.items()}


def follow(op: str, inputs: Inputs, params: Params, outputs: Mapping[str, Array]) -> Mapping[str, Expected]:
    """What outputs of an answer say of its others: tighter than the formula alone, which has to allow for ties."""
    return _CONSEQUENCES[op](inputs, params, outputs) if op in _CONSEQUENCES else {}
