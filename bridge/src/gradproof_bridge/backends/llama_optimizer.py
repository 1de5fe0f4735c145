"""Optimizers of training runs: torch's, and bitsandbytes' 8-bit AdamW."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gradproof_bridge.backends.bitsandbytes_backend import decays_after_step, require_rounding
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.llama_params import IN_8_BITS, alpha_of_rmsprop
from gradproof_bridge.formulas.llama_update import kept_names

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, Parameter
    from torch.optim import Optimizer

_BLOCKSIZE = 256
_OF_BITSANDBYTES = {
    "exp_avg": "state1",
    "exp_avg_sq": "state2",
    "exp_avg_absmax": "absmax1",
    "exp_avg_sq_absmax": "absmax2",
}


_ADAM = ("betas", "eps", "amsgrad")
_OF_TORCH = {
    "sgd": ("SGD", ("momentum", "dampening", "nesterov")),
    "adam": ("Adam", _ADAM),
    "adamw": ("AdamW", _ADAM),
    "adadelta": ("Adadelta", ("rho", "eps")),
    "rmsprop": ("RMSprop", ("alpha", "eps", "momentum", "centered")),
    "nadam": ("NAdam", ("betas", "eps", "momentum_decay", "decoupled_weight_decay")),
    "radam": ("RAdam", ("betas", "eps", "decoupled_weight_decay")),
}
"""The class of torch, and what it is told beside its rate and its decay."""


def require_8bit_as_here(p: Params, device: str) -> None:
    """Raises NotImplementedOpError where bitsandbytes takes another step on this device."""
    require_rounding(p["state_rounding"], device)
    if p["decay_after_step"] != decays_after_step(device):
        when = "after" if decays_after_step(device) else "before"
        raise NotImplementedOpError(f"bitsandbytes on {device} decays the weights {when} the step")
    if p["blocksize"] != _BLOCKSIZE:
        raise NotImplementedOpError(f"bitsandbytes keeps its state in blocks of {_BLOCKSIZE}")


def optimizer_of(model: Module, p: Params) -> Optimizer:
    """The optimizer of what a model trains, by the parameters of a run. Raises NotImplementedOpError for 8-bit moments that
    are not corrected, which bitsandbytes does not know.
    """
    import torch

    groups = _groups_of(model, p)
    common = {"lr": p["lr"], "weight_decay": p["weight_decay"]}
    is_corrected = p.get("bias_correction", True)
    if p["optimizer"] == IN_8_BITS:
        import bitsandbytes

        if not is_corrected:
            raise NotImplementedOpError("bitsandbytes always corrects the bias of its moments")
        moments = {"betas": tuple(p["betas"]), "eps": p["eps"]}
        return bitsandbytes.optim.AdamW8bit(
            groups, **common, **moments, min_8bit_size=p["min_8bit_size"]
        )
    of_torch, options = _OF_TORCH[p["optimizer"]]
    told = {**p, "alpha": alpha_of_rmsprop(p)}
    own = {name: told[name] for name in options}
    optimizer: Optimizer = getattr(torch.optim, of_torch)(groups, **common, **own, foreach=False)
    if not is_corrected:
        _leave_uncorrected(optimizer)
    return optimizer


def _groups_of(model: Module, p: Params) -> list[dict[str, Any]]:
    """All that is trained or, as Trainer has it, what decays and what does not."""
    trained = [(name, x) for name, x in model.named_parameters() if x.requires_grad]
    if p["decay_parameters"] == "all":
        return [{"params": [x for _, x in trained]}]
    from transformers import Trainer

    # The method asks nothing of a trainer.
    decaying = frozenset(Trainer.get_decay_parameter_names(None, model))
    return [
        {"params": [x for name, x in trained if name in decaying]},
        {"params": [x for name, x in trained if name not in decaying], "weight_decay": 0.0},
    ]


def _leave_uncorrected(optimizer: Optimizer) -> None:
    """Has torch's Adam take each step with the rate, eps and decay by which its correction of the
    moments comes to nothing: torch has no option for it.
    """
    groups = optimizer.param_groups
    told: list[dict[str, float]] = []
    taken = 0

    def before(*_: object) -> None:
        nonlocal taken
        taken += 1
        told[:] = [
            {name: group[name] for name in ("lr", "eps", "weight_decay")} for group in groups
        ]
        for group in groups:
            beta1, beta2 = group["betas"]
            first, second = 1 - beta1**taken, math.sqrt(1 - beta2**taken)
            group["lr"] *= first / second
            group["eps"] /= second
            if group["decoupled_weight_decay"]:
                group["weight_decay"] *= second / first

    def after(*_: object) -> None:
        for group, before_step in zip(groups, told, strict=True):
            group.update(before_step)

    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)


def kept_of(optimizer: Optimizer, x: Parameter, p: Params) -> dict[str, Tensor]:
    """What an optimizer keeps of a parameter, by torch's names; zeros before the first step."""
    import torch

    state = optimizer.state.get(x, {})
    if p["optimizer"] != IN_8_BITS:
        kept = {name: state.get(name) for name in kept_names(p)}
        return {name: torch.zeros_like(x) if y is None else y.clone() for name, y in kept.items()}
    found = {name: state[own].clone() for name, own in _OF_BITSANDBYTES.items() if own in state}
    if found:
        return found
    if x.numel() < p["min_8bit_size"]:
        return {name: torch.zeros_like(x) for name in ("exp_avg", "exp_avg_sq")}
    blocks = -(-x.numel() // _BLOCKSIZE)
    codes = {name: torch.zeros_like(x, dtype=torch.uint8) for name in ("exp_avg", "exp_avg_sq")}
    scales = {f"{name}_absmax": torch.zeros(blocks) for name in codes}
    return {**codes, **scales}
