"""Optimizers, clipping and loss scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.errors import NotImplementedOpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params

_STATE = {"exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq", "momentum_buffer": "momentum_buffer"}


def optimizer_steps(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.optim's AdamW, Adam and SGD over the recorded gradients."""
    import torch

    if any(name.startswith("state.") for name in t):
        raise NotImplementedOpError("torch's optimizers are recorded from a fresh state")
    param = torch.nn.Parameter(t["param"].clone())
    optimizer = _optimizer(param, params)
    trajectory = []
    for grad in t["grads"]:
        param.grad = grad.clone()
        optimizer.step()
        trajectory.append(param.detach().clone())
    state = optimizer.state[param]
    found = {
        f"state.{name}": state[key] for name, key in _STATE.items() if state.get(key) is not None
    }
    return {"trajectory": torch.stack(trajectory), **found}


def _optimizer(param: torch.nn.Parameter, params: Params) -> torch.optim.Optimizer:
    import torch

    name = params["optimizer"]
    chosen = {
        key: params[key] for key in ("lr", "eps", "weight_decay") if params.get(key) is not None
    }
    if params.get("bias_correction") is False:
        raise NotImplementedOpError("torch's Adam always corrects its bias")
    if name in ("adamw", "adam"):
        kind = torch.optim.AdamW if name == "adamw" else torch.optim.Adam
        if params.get("betas") is not None:
            chosen["betas"] = tuple(params["betas"])
        return kind([param], foreach=False, **chosen)
    if name == "sgd":
        chosen.pop("eps", None)
        chosen |= {
            key: params[key]
            for key in ("momentum", "dampening", "nesterov")
            if params.get(key) is not None
        }
        return torch.optim.SGD([param], foreach=False, **chosen)
    raise NotImplementedOpError(
        f"torch has no {name} with the meaning that the vocabulary gives it"
    )


def clip_grad_norm(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.utils.clip_grad_norm_."""
    import torch

    if params["eps"] != 1e-6:
        raise NotImplementedOpError("torch's clip_grad_norm_ always adds 1e-6 to the norm")
    leaves = []
    for i in range(len(t)):
        leaf = torch.nn.Parameter(torch.zeros_like(t[f"g{i}"]))
        leaf.grad = t[f"g{i}"].clone()
        leaves.append(leaf)
    norm = torch.nn.utils.clip_grad_norm_(leaves, params["max_norm"], foreach=False)
    return {"norm": norm, **{f"g{i}": leaf.grad for i, leaf in enumerate(leaves)}}


def grad_scaler(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.amp.GradScaler around SGD on one parameter whose gradient is 1, or infinite where
    `found_inf` says so.
    """
    import torch

    device = t["found_inf"].device
    scaler = torch.amp.GradScaler(
        device.type,
        init_scale=params["init_scale"],
        growth_factor=params["growth_factor"],
        backoff_factor=params["backoff_factor"],
        growth_interval=params["growth_interval"],
    )
    param = torch.nn.Parameter(torch.zeros(1, device=device))
    lr = params.get("lr") or 0.0
    optimizer = torch.optim.SGD([param], lr=lr)
    scales, values = [], []
    for found in t["found_inf"].tolist():
        optimizer.zero_grad()
        scaler.scale(param.sum() * (float("inf") if found else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
        values.append(param.detach().clone())
    outputs = {"scale": torch.tensor(scales)}
    return outputs if params.get("lr") is None else {**outputs, "param": torch.cat(values)}


OPS = {
    "optimizer_steps": optimizer_steps,
    "clip_grad_norm": clip_grad_norm,
    "grad_scaler": grad_scaler,
}
