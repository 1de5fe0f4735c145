"""torch's optimizers by its own settings, each run step by step as one, foreach and fused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.backends.torch_arrays import to_numpy, to_torch
from gradproof_bridge.bundle.bundle import Bundle
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.opinfo.database import optimizers
from gradproof_bridge.opinfo.expressed import DTYPES, NotExpressibleError
from gradproof_bridge.opinfo.table.registry import bound
from gradproof_bridge.philox import Draw

if TYPE_CHECKING:
    from torch import Tensor

    from gradproof_bridge.bundle.stored import Array
    from gradproof_bridge.bundle.vocabulary import Params

_STEPS = 6
_SHAPES = ((7, 15), (33,), (2, 3, 5))
"""Of the parameters of a run, as foreach and fused take several at once; one of them is recorded."""
_WAYS = ("forloop", "foreach", "fused")
_FLOATS = ("f32", "f64", "f16", "bf16")


@dataclass(frozen=True)
class Steps:
    """What the vocabulary calls an optimizer, and what torch calls its state."""

    params: Params
    state: Mapping[str, str]
    """Torch's names of states by the vocabulary's."""


_MOMENTS = {"exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq"}


def adam(name: str, decay: float) -> Callable[..., Steps]:
    """torch.optim.Adam and AdamW."""

    def line(
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = decay,
        amsgrad: bool = False,
    ) -> Steps:
        if amsgrad:
            raise NotExpressibleError("amsgrad")
        return Steps(
            {
                "optimizer": name,
                "lr": float(lr),
                "betas": [float(beta) for beta in betas],
                "eps": eps,
                "weight_decay": weight_decay,
            },
            _MOMENTS,
        )

    return line


def sgd(
    lr: Any = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> Steps:
    """torch.optim.SGD."""
    return Steps(
        {
            "optimizer": "sgd",
            "lr": float(lr),
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
        },
        {"momentum_buffer": "momentum_buffer"} if momentum else {},
    )


def adagrad(
    lr: Any = 1e-2,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
) -> Steps:
    """torch.optim.Adagrad, which ONNX's is."""
    if initial_accumulator_value != 0:
        raise NotExpressibleError("initial_accumulator_value")
    return Steps(
        {
            "optimizer": "adagrad",
            "R": float(lr),
            "decay_factor": lr_decay,
            "norm_coefficient": weight_decay,
            "epsilon": eps,
        },
        {"exp_avg_sq": "sum"},
    )


TABLE: Mapping[str, Callable[..., Steps]] = {
    "Adam": adam("adam", 0.0),
    "AdamW": adam("adamw", 1e-2),
    "SGD": sgd,
    "Adagrad": adagrad,
}


@dataclass(frozen=True)
class Setting:
    """An OptimizerInfo with parameters of one element type."""

    info: Any
    dtype: str

    @property
    def subject(self) -> str:
        """`optim.AdamW`."""
        return subject_of(self.info)

    def runs(self) -> Iterator[Run]:
        """Each of torch's settings in each of its ways to run."""
        import torch

        given = self.info.optim_inputs_func(device="cpu", dtype=getattr(torch, DTYPES[self.dtype]))
        for way in _WAYS:
            if way == "forloop" or way in self.info.supported_impls:
                for i, one in enumerate(given):
                    yield Run(self, way, dict(one.kwargs), i % len(_SHAPES))


def subject_of(info: Any) -> str:
    """What summaries call an OptimizerInfo."""
    return f"optim.{info.optim_cls.__name__}"


def settings() -> list[Setting]:
    """Of every optimizer that has a line."""
    return [
        Setting(info, dtype)
        for info in optimizers()
        if info.optim_cls.__name__ in TABLE
        for dtype in _FLOATS
    ]


@dataclass(frozen=True)
class Run:
    """Some steps with one of torch's settings."""

    setting: Setting
    way: str
    kwargs: Mapping[str, Any]
    recorded: int
    """Which of the parameters."""

    def bundle(self, seed: int, name: str, producer: str) -> Bundle:
        """The steps that torch takes from parameters and gradients that are drawn. Raises
        NotExpressibleError.
        """
        line = TABLE[self.setting.info.optim_cls.__name__]
        kwargs = dict(self.kwargs)
        # What goes uphill along g goes downhill along -g, which is as exact.
        sign = -1.0 if kwargs.pop("maximize", False) else 1.0
        steps = bound(line, (), kwargs)
        params, grads = self._drawn(seed, name)
        trajectory, state = self._taken(params, grads)
        place = self.recorded
        known = op_spec("optimizer_steps")
        states = {
            f"state.{ours}": to_numpy(state[theirs])
            for ours, theirs in steps.state.items()
            if theirs in state
        }
        inputs: dict[str, Array] = {
            "param": to_numpy(params[place]),
            "grads": np.stack([to_numpy(sign * step[place]) for step in grads]),
        }
        outputs = {"trajectory": np.stack(trajectory), **states}
        known.check_names(inputs, outputs)
        return Bundle(
            known.name, steps.params, producer, "cpu", inputs, outputs, given=steps.params
        )

    def _drawn(self, seed: int, name: str) -> tuple[list[Tensor], list[list[Tensor]]]:
        import torch

        draw = Draw(seed, name)
        dtype = getattr(torch, DTYPES[self.setting.dtype])

        def tensors() -> list[Tensor]:
            return [to_torch(draw.normal(*shape), "cpu").to(dtype) for shape in _SHAPES]

        return tensors(), [tensors() for _ in range(_STEPS)]

    def _taken(
        self, params: list[Tensor], grads: list[list[Tensor]]
    ) -> tuple[list[Array], Mapping[str, Tensor]]:
        """The recorded parameter after each step, and its state after the last."""
        import torch

        leaves = [torch.nn.Parameter(param.clone()) for param in params]
        way = {} if self.way == "forloop" else {self.way: True}
        ways = {"foreach": False, **way} if "foreach" in self.setting.info.supported_impls else way
        if self.way == "fused":
            ways.pop("foreach", None)
        try:
            optimizer = self.setting.info.optim_cls(leaves, **self.kwargs, **ways)
            trajectory = []
            for step in grads:
                for leaf, grad in zip(leaves, step, strict=True):
                    leaf.grad = grad.clone()
                optimizer.step()
                trajectory.append(to_numpy(leaves[self.recorded]))
        except (RuntimeError, ValueError) as error:
            raise NotExpressibleError(f"torch refuses it as {self.way}") from error
        return trajectory, optimizer.state[leaves[self.recorded]]
