"""torch's optimizers by its own settings, each run step by step as one, foreach and fused."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.backends.torch_arrays import to_numpy, to_torch
from gradproof_bridge.bundle.bundle import Bundle
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.opinfo.database import optimizers
from gradproof_bridge.opinfo.expressed import DTYPES, NotExpressibleError
from gradproof_bridge.philox import Draw

if TYPE_CHECKING:
    from torch import Tensor

    from gradproof_bridge.bundle.stored import Array
    from gradproof_bridge.bundle.vocabulary import Params

_STEPS = 6
_SHAPES = ((7, 15), (33,), (2, 3, 5))
"""Of the parameters of a run, as foreach and fused take several at once; one of them is recorded."""
_MATRICES = ((3, 5), (5, 3), (2, 7))
"""For optimizers of matrices alone; so small that their roundings to bfloat16 can be foreseen."""
_WAYS = ("forloop", "foreach", "fused")
_FLOATS = ("f32", "f64", "f16", "bf16")


@dataclass(frozen=True)
class Known:
    """An optimizer of the vocabulary and what of torch's arguments it takes, by its own names.

    Any other argument must be what torch has without being asked.
    """

    name: str
    takes: Mapping[str, str]
    states: Mapping[str, str]
    """Torch's names of states by the vocabulary's."""
    shapes: tuple[tuple[int, ...], ...] = _SHAPES


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_DECAYS = ("lr", "eps", "weight_decay", "maximize")
_MOMENTS = _same("exp_avg", "exp_avg_sq")
_ADAM = _same(*_DECAYS, "betas", "amsgrad")
_LARGEST = {**_MOMENTS, **_same("max_exp_avg_sq")}
_DECOUPLED = _same(*_DECAYS, "betas", "decoupled_weight_decay")

TABLE: Mapping[str, Known] = {
    "Adam": Known("adam", _ADAM, _LARGEST),
    "AdamW": Known("adamw", _ADAM, _LARGEST),
    "SGD": Known(
        "sgd",
        _same("lr", "weight_decay", "maximize", "momentum", "dampening", "nesterov"),
        _same("momentum_buffer"),
    ),
    "Adagrad": Known(
        "adagrad",
        {
            "lr": "R",
            "lr_decay": "decay_factor",
            "weight_decay": "norm_coefficient",
            "eps": "epsilon",
        },
        {"exp_avg_sq": "sum"},
    ),
    "Adadelta": Known("adadelta", _same(*_DECAYS, "rho"), _same("square_avg", "acc_delta")),
    "RMSprop": Known(
        "rmsprop",
        _same(*_DECAYS, "alpha", "momentum", "centered"),
        _same("square_avg", "momentum_buffer", "grad_avg"),
    ),
    "NAdam": Known(
        "nadam",
        {**_DECOUPLED, **_same("momentum_decay")},
        {**_MOMENTS, **_same("mu_product")},
    ),
    "RAdam": Known("radam", _DECOUPLED, _MOMENTS),
    "Muon": Known(
        "muon",
        _same(
            *("lr", "weight_decay", "momentum", "nesterov"),
            *("ns_coefficients", "eps", "ns_steps", "adjust_lr_fn"),
        ),
        _same("momentum_buffer"),
        _MATRICES,
    ),
}
_WAYS_ALONE = ("foreach", "fused", "differentiable", "capturable")
"""Arguments that say how, and not what."""


def params_of(known: Known, optimizer: Callable[..., Any], kwargs: Mapping[str, Any]) -> Params:
    """The op's parameters, torch's own defaults among them. Raises NotExpressibleError."""
    own = {
        name: parameter.default
        for name, parameter in inspect.signature(optimizer).parameters.items()
        if parameter.default is not inspect.Parameter.empty and name not in _WAYS_ALONE
    }
    for name, value in kwargs.items():
        if name not in known.takes and name not in _WAYS_ALONE and value != own.get(name):
            raise NotExpressibleError(f"argument {name}")
    given = {**own, **kwargs}
    return {
        "optimizer": known.name,
        **{
            ours: _plain(given[theirs])
            for theirs, ours in known.takes.items()
            if given[theirs] is not None
        },
    }


def _plain(value: Any) -> Any:
    """Numbers that torch also takes as tensors."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, (bool, int, str)) else float(value)


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
        known = TABLE[self.setting.info.optim_cls.__name__]
        kwargs = dict(self.kwargs)
        # What goes uphill along g goes downhill along -g, which is as exact.
        uphill = "maximize" not in known.takes and kwargs.pop("maximize", False)
        chosen = params_of(known, self.setting.info.optim_cls, kwargs)
        params, grads = self._drawn(seed, name, known.shapes)
        trajectory, state = self._taken(params, grads)
        place = self.recorded
        spec = op_spec("optimizer_steps")
        states = {
            f"state.{ours}": np.atleast_1d(to_numpy(state[theirs]))
            for ours, theirs in known.states.items()
            if state.get(theirs) is not None
        }
        inputs: dict[str, Array] = {
            "param": to_numpy(params[place]),
            "grads": np.stack(
                [to_numpy(-step[place] if uphill else step[place]) for step in grads]
            ),
        }
        outputs = {"trajectory": np.stack(trajectory), **states}
        return Bundle(spec.name, chosen, producer, "cpu", inputs, outputs, given=chosen)

    def _drawn(
        self, seed: int, name: str, shapes: tuple[tuple[int, ...], ...]
    ) -> tuple[list[Tensor], list[list[Tensor]]]:
        import torch

        draw = Draw(seed, name)
        dtype = getattr(torch, DTYPES[self.setting.dtype])

        def tensors() -> list[Tensor]:
            return [to_torch(draw.normal(*shape), "cpu").to(dtype) for shape in shapes]

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
