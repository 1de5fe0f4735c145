"""Optimizers of training runs: torch's, and bitsandbytes' 8-bit AdamW."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.backends.bitsandbytes_backend import decays_after_step, require_rounding
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.llama_params import IN_8_BITS

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter
    from torch.optim import Optimizer

_BLOCKSIZE = 256
_OF_BITSANDBYTES = {
    "exp_avg": "state1",
    "exp_avg_sq": "state2",
    "exp_avg_absmax": "absmax1",
    "exp_avg_sq_absmax": "absmax2",
}


def require_8bit_as_here(p: Params, device: str) -> None:
    """Raises NotImplementedOpError where bitsandbytes takes another step on this device."""
    require_rounding(p["state_rounding"], device)
    if p["decay_after_step"] != decays_after_step(device):
        when = "after" if decays_after_step(device) else "before"
        raise NotImplementedOpError(f"bitsandbytes on {device} decays the weights {when} the step")
    if p["blocksize"] != _BLOCKSIZE:
        raise NotImplementedOpError(f"bitsandbytes keeps its state in blocks of {_BLOCKSIZE}")


def optimizer_of(trained: list[Parameter], p: Params) -> Optimizer:
    """The optimizer of a run, by its parameters."""
    import torch

    common = {"lr": p["lr"], "weight_decay": p["weight_decay"]}
    if p["optimizer"] == "sgd":
        own = {name: p[name] for name in ("momentum", "dampening", "nesterov")}
        return torch.optim.SGD(trained, **common, **own, foreach=False)
    adam = {"betas": tuple(p["betas"]), "eps": p["eps"]}
    if p["optimizer"] == IN_8_BITS:
        import bitsandbytes

        return bitsandbytes.optim.AdamW8bit(
            trained, **common, **adam, min_8bit_size=p["min_8bit_size"]
        )
    of_torch = torch.optim.AdamW if p["optimizer"] == "adamw" else torch.optim.Adam
    return of_torch(trained, **common, **adam, foreach=False)


def kept_of(optimizer: Optimizer, x: Parameter, p: Params) -> dict[str, Tensor]:
    """What an optimizer keeps of a parameter, by torch's names; zeros before the first step."""
    import torch

    state = optimizer.state.get(x, {})
    if p["optimizer"] == "sgd":
        buffer = state.get("momentum_buffer")
        return {"momentum_buffer": torch.zeros_like(x) if buffer is None else buffer}
    if p["optimizer"] != IN_8_BITS:
        return {
            name: state.get(name, torch.zeros_like(x)).clone() for name in ("exp_avg", "exp_avg_sq")
        }
    found = {name: state[own].clone() for name, own in _OF_BITSANDBYTES.items() if own in state}
    if found:
        return found
    if x.numel() < p["min_8bit_size"]:
        return {name: torch.zeros_like(x) for name in ("exp_avg", "exp_avg_sq")}
    blocks = -(-x.numel() // _BLOCKSIZE)
    codes = {name: torch.zeros_like(x, dtype=torch.uint8) for name in ("exp_avg", "exp_avg_sq")}
    scales = {f"{name}_absmax": torch.zeros(blocks) for name in codes}
    return {**codes, **scales}
