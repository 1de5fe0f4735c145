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
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.llama_params import run_params

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch.nn import Module, Parameter
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LambdaLR

_IGNORED = -100


def train(call: Call) -> Outputs:
    """The run that a bundle's parameters and inputs describe."""
    p = run_params(call.params)
    if p["compute_dtype"] != "float32":
        raise NotImplementedOpError("runs are recorded in float32, or under torch.autocast")
    with deterministic():
        return _Training(p, call.inputs, call.device).run()


def scheduler(optimizer: Optimizer, schedule: Params) -> LambdaLR:
    """Transformers' schedule of that name."""
    from transformers import get_scheduler

    # What transformers calls constant has no warm-up.
    name = "constant_with_warmup" if schedule["name"] == "constant" else schedule["name"]
    if name != "constant_with_warmup" and schedule.get("total") is None:
        raise NotImplementedOpError(f"a {name} schedule needs its total")
    own = {"num_cycles": schedule["num_cycles"]} if name == "cosine" else None
    return get_scheduler(name, optimizer, schedule["warmup"], schedule.get("total"), own)


class _Training:
    """A model, what updates it, and what is recorded of it."""

    def __init__(self, p: Params, inputs: Inputs, device: str):
        import torch

        self._p = p
        self._device = device
        self._model = llama_of(p, inputs, device)
        self._trained = _trained(self._model)
        self._optimizer = _optimizer(list(self._trained.values()), p)
        self._schedule = scheduler(self._optimizer, p["schedule"])
        scaling = p.get("grad_scaler")
        # One that is not enabled scales by 1 and steps.
        self._scaler = torch.amp.GradScaler(
            _kind(device), **(scaling or {}), enabled=scaling is not None
        )
        self._ids, self._labels = (
            to_torch(inputs[name], device).long() for name in ("input_ids", "labels")
        )
        self._outputs: Outputs = {}
        self._curves: dict[str, list[float]] = {
            name: []
            for name, is_there in (
                ("losses", True),
                ("grad_norms", p.get("clip") is not None and not _in_halves(p)),
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
        if not _in_halves(self._p):
            kept = "final" if self._p["mode"] == "full" else "lora"
            self._outputs |= {f"{kept}.{name}": to_numpy(x) for name, x in self._trained.items()}
        return {
            **self._outputs,
            **{name: np.array(curve) for name, curve in self._curves.items()},
        }

    def _step(self, step: int) -> Mapping[str, float]:
        """zero_grad, forward and backward of each micro-batch, unscale_, clip_grad_norm_, step,
        update, and the schedule, which transformers leaves out with the optimizer's step.
        """
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

    def _passes(self, step: int) -> float:
        """The loss over all labels of the step."""
        parts = self._p["grad_accum"]
        chosen = slice(step * parts, (step + 1) * parts)
        ids, labels = self._ids[chosen], self._labels[chosen]
        # As Trainer tells the model, so that each micro-batch counts by its labels.
        counted = {"num_items_in_batch": (labels[..., 1:] != _IGNORED).sum()} if parts > 1 else {}
        losses = 0.0
        for part in range(parts):
            with self._autocast():
                found = self._model(input_ids=ids[part], labels=labels[part], **counted)
            if step == 0 and part == 0:
                self._outputs["logits_step0"] = to_numpy(found.logits.float())
            self._scaler.scale(found.loss).backward()
            losses += float(found.loss.detach())
        return losses

    def _clip(self) -> float:
        import torch

        clip = self._p.get("clip")
        if clip is None:
            return 0.0
        return float(
            torch.nn.utils.clip_grad_norm_(list(self._trained.values()), clip, foreach=False)
        )

    def _autocast(self) -> AbstractContextManager[Any]:
        import torch

        dtype = self._p.get("autocast_dtype")
        if dtype is None:
            return nullcontext()
        return torch.autocast(_kind(self._device), dtype=getattr(torch, dtype))


def _in_halves(p: Params) -> bool:
    """Whether norms and weights stray, so that the format does not judge them."""
    return "autocast_dtype" in p


def _trained(model: Module) -> dict[str, Parameter]:
    return {short_name(name): x for name, x in model.named_parameters() if x.requires_grad}


def _optimizer(trained: list[Parameter], p: Params) -> Optimizer:
    import torch

    common = {"lr": p["lr"], "weight_decay": p["weight_decay"], "foreach": False}
    if p["optimizer"] == "sgd":
        own = {name: p[name] for name in ("momentum", "dampening", "nesterov")}
        return torch.optim.SGD(trained, **common, **own)
    adam = torch.optim.AdamW if p["optimizer"] == "adamw" else torch.optim.Adam
    return adam(trained, **common, betas=tuple(p["betas"]), eps=p["eps"])


def _kind(device: str) -> str:
    """`cuda:0` as `cuda`."""
    return device.partition(":")[0]
