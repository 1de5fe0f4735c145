"""Whole training runs of a Llama, step by step as torch documents automatic mixed precision and
transformers' Trainer makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.backends.base import Call, Inputs, Outputs
from gradproof_bridge.backends.llama_model import llama_of, short_name
from gradproof_bridge.backends.llama_optimizer import kept_of, optimizer_of, require_8bit_as_here
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.llama_base import tokens_of
from gradproof_bridge.formulas.llama_params import (
    IN_8_BITS,
    base_of,
    is_by_states,
    run_params,
)
from gradproof_bridge.formulas.schedule import OWN, require_complete

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch.nn import Module, Parameter
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

_IGNORED = -100


def train(call: Call) -> Outputs:
    """The run that a bundle's parameters and inputs describe."""
    p = run_params(call.params)
    if p["optimizer"] == IN_8_BITS:
        require_8bit_as_here(p, call.device)
    with deterministic():
        return _Training(p, call.inputs, call.device).run()


def scheduler(optimizer: Optimizer, schedule: Params) -> LRScheduler:
    """Transformers' schedule of that name; torch's ExponentialLR behind transformers' warm-up."""
    from torch.optim.lr_scheduler import ExponentialLR, SequentialLR
    from transformers import get_scheduler

    require_complete(schedule)
    name, warmup, total = schedule["name"], schedule["warmup"], schedule.get("total")
    # What transformers calls constant has no warm-up.
    if name == "constant":
        return get_scheduler("constant_with_warmup", optimizer, warmup)
    if name == "exponential":
        if warmup == 0:
            return ExponentialLR(optimizer, schedule["gamma"])
        rising = get_scheduler("constant_with_warmup", optimizer, warmup)
        falling = ExponentialLR(optimizer, schedule["gamma"])
        return SequentialLR(optimizer, [rising, falling], milestones=[warmup])
    own = {part: schedule[part] for part in OWN[name] if schedule.get(part) is not None}
    if own.get("num_stable_steps") is not None:
        total = None  # transformers warns of both
    return get_scheduler(name, optimizer, warmup, total, own)


class _Training:
    """A model, what updates it, and what is recorded of it."""

    def __init__(self, p: Params, inputs: Inputs, device: str):
        import torch

        self._p = p
        self._device = device
        self._model = llama_of(p, inputs, device)
        self._trained = _trained(self._model)
        self._optimizer = optimizer_of(self._model, p)
        self._schedule = scheduler(self._optimizer, p["schedule"])
        self._states = frozenset(p.get("state_steps", ()))
        scaling = p.get("grad_scaler")
        # One that is not enabled scales by 1 and steps.
        self._scaler = torch.amp.GradScaler(
            _kind(device), **(scaling or {}), enabled=scaling is not None
        )
        self._ids, self._labels = (
            to_torch(tokens_of(inputs, name), device).long() for name in ("input_ids", "labels")
        )
        self._outputs: Outputs = {}
        self._curves: dict[str, list[float]] = {
            name: []
            for name, is_there in (
                ("losses", True),
                ("grad_norms", bool(self._states) or not is_by_states(p)),
                ("lrs", True),
                ("scale", scaling is not None),
            )
            if is_there
        }

    def run(self) -> Outputs:
        """All steps."""
        self._model.train()
        for step in range(self._p["steps"]):
            for name, value in self._step(step).items():
                if name in self._curves:
                    self._curves[name].append(value)
        if not is_by_states(self._p) or self._p["steps"] in self._states:
            kept = "final" if base_of(self._p) == "trained" else "lora"
            self._outputs |= {f"{kept}.{name}": to_numpy(x) for name, x in self._trained.items()}
        return {
            **self._outputs,
            **{name: np.array(curve) for name, curve in self._curves.items()},
        }

    def _step(self, step: int) -> Mapping[str, float]:
        """zero_grad, forward and backward of each micro-batch, unscale_, clip_grad_norm_, step,
        update, and the schedule, which transformers leaves out with the optimizer's step.
        """
        if step + 1 in self._states:
            self._outputs |= {f"state.{step + 1}.{name}": x for name, x in self._state().items()}
        self._optimizer.zero_grad()
        loss = self._passes(step)
        self._scaler.unscale_(self._optimizer)
        if step == 0:
            grads = {f"grad0.{name}": to_numpy(x.grad) for name, x in self._trained.items()}
            self._outputs |= grads
        lr, scale = self._optimizer.param_groups[0]["lr"], self._scaler.get_scale()
        norm = self._clip()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        # As accelerate tells that a step was left out.
        if self._scaler.get_scale() >= scale:
            self._schedule.step()
        return {
            "losses": loss,
            "grad_norms": norm,
            "lrs": lr,
            "scale": self._scaler.get_scale(),
        }

    def _state(self) -> Outputs:
        """Parameters, what the optimizer keeps of each, and the scale of the loss."""
        found = {}
        for name, x in self._trained.items():
            found[name] = to_numpy(x)
            kept = kept_of(self._optimizer, x, self._p)
            found |= {f"{name}.{part}": to_numpy(kept[part]) for part in kept}
        if self._p.get("grad_scaler") is not None:
            scaler = self._scaler.state_dict()
            found["scale"] = np.array([scaler["scale"]], np.float32)
            found["growth_tracker"] = np.array([scaler["_growth_tracker"]], np.int32)
        return found

    def _passes(self, step: int) -> float:
        """The loss over all labels of the step or, where the run says so, the mean of the means of its
        micro-batches.
        """
        parts = self._p["grad_accum"]
        chosen = slice(step * parts, (step + 1) * parts)
        ids, labels = self._ids[chosen], self._labels[chosen]
        # As Trainer tells the model, so that each micro-batch counts by its labels.
        is_token = self._p["accum_mean"] == "token" and parts > 1
        counted = {"num_items_in_batch": (labels[..., 1:] != _IGNORED).sum()} if is_token else {}
        share = 1 if is_token else 1 / parts
        losses = 0.0
        for part in range(parts):
            with self._autocast():
                found = self._model(input_ids=ids[part], labels=labels[part], **counted)
            if step == 0 and part == 0:
                self._outputs["logits_step0"] = to_numpy(found.logits.float())
            loss = found.loss if share == 1 else found.loss * share
            self._scaler.scale(loss).backward()
            losses += float(loss.detach())
        return losses

    def _clip(self) -> float:
        """The norm of all gradients, which nothing is clipped to without a largest one."""
        import torch

        clip = self._p.get("clip", float("inf"))
        return float(
            torch.nn.utils.clip_grad_norm_(list(self._trained.values()), clip, foreach=False)
        )

    def _autocast(self) -> AbstractContextManager[Any]:
        import torch

        dtype = self._p.get("autocast_dtype")
        if dtype is None:
            return nullcontext()
        return torch.autocast(_kind(self._device), dtype=getattr(torch, dtype))


def _trained(model: Module) -> dict[str, Parameter]:
    return {short_name(name): x for name, x in model.named_parameters() if x.requires_grad}


def _kind(device: str) -> str:
    """`cuda:0` as `cuda`."""
    return device.partition(":")[0]
