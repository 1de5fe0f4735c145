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

_ADAM = ("lr", "betas", "eps", "weight_decay", "amsgrad", "maximize")
# Names of the optimizers in torch, and which of the vocabulary's hyperparameters each takes.
_OPTIMIZERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "adamw": ("AdamW", _ADAM),
    "adam": ("Adam", _ADAM),
    "sgd": ("SGD", ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")),
    "adadelta": ("Adadelta", ("lr", "rho", "eps", "weight_decay", "maximize")),
    "rmsprop": (
        "RMSprop",
        ("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "maximize"),
    ),
    "nadam": (
        "NAdam",
        (
            *("lr", "betas", "eps", "weight_decay", "momentum_decay"),
            *("decoupled_weight_decay", "maximize"),
        ),
    ),
    "radam": (
        "RAdam",
        ("lr", "betas", "eps", "weight_decay", "decoupled_weight_decay", "maximize"),
    ),
    "muon": (
        "Muon",
        (
            *("lr", "weight_decay", "momentum", "nesterov"),
            *("ns_coefficients", "eps", "ns_steps", "adjust_lr_fn"),
        ),
    ),
}
_STATE = (
    *("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer"),
    *("square_avg", "acc_delta", "grad_avg", "mu_product"),
)


def optimizer_steps(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.optim's optimizers over the recorded gradients."""
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
    found = {f"state.{name}": state[name] for name in _STATE if state.get(name) is not None}
    # What is of the whole parameter has one element.
    shaped = {name: x if x.shape == param.shape else x.reshape(1) for name, x in found.items()}
    return {"trajectory": torch.stack(trajectory), **shaped}


def _optimizer(param: torch.nn.Parameter, params: Params) -> torch.optim.Optimizer:
    import torch

    if params.get("bias_correction") is False:
        raise NotImplementedOpError("torch's Adam always corrects its bias")
    if params["optimizer"] not in _OPTIMIZERS:
        raise NotImplementedOpError(
            f"torch has no {params['optimizer']} with the meaning that the vocabulary gives it"
        )
    name, takes = _OPTIMIZERS[params["optimizer"]]
    chosen = {key: params[key] for key in takes if params.get(key) is not None}
    for several in ("betas", "ns_coefficients"):
        if several in chosen:
            chosen[several] = tuple(chosen[several])
    # Muon has no other way than one by one.
    way = {} if name == "Muon" else {"foreach": False}
    made: torch.optim.Optimizer = getattr(torch.optim, name)([param], **way, **chosen)
    return made


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
