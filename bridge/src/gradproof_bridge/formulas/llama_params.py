"""What a training run of a Llama is told."""

from __future__ import annotations

from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import NotImplementedOpError

_DEFAULTS: Params = {
    "optimizer": "adamw",
    "lr": 1e-3,
    "grad_accum": 1,
    "gradient_checkpointing": False,
    "compute_dtype": "float32",
    "schedule": {"name": "constant"},
    "use_rslora": False,
    "use_dora": False,
}
"""Those of torch and PEFT."""
_OPTIMIZERS: dict[str, Params] = {
    "adamw": {"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01},
    "adam": {"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0},
    "sgd": {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
}
"""What each optimizer is told beside its rate, with torch's defaults."""
_SCHEDULE: Params = {"warmup": 0, "num_cycles": 0.5}
_OTHERS = (
    "mode",
    "config",
    "steps",
    "r",
    "alpha",
    "targets",
    "quant",
    "clip",
    "grad_scaler",
    "autocast_dtype",
)
_CONFIG = (
    "vocab",
    "hidden",
    "intermediate",
    "layers",
    "heads",
    "kv_heads",
    "rms_eps",
    "rope_theta",
    "tie_word_embeddings",
)
_ONLY = {"mode": ("full", "lora", "qlora"), "optimizer": tuple(_OPTIMIZERS)}


def run_params(params: Params) -> Params:
    """The parameters of a run with their defaults. Raises NotImplementedOpError for those that mean
    another run than is computed here.
    """
    filled = {**_DEFAULTS, **params}
    for name, known in _ONLY.items():
        if filled[name] not in known:
            raise NotImplementedOpError(
                f"train_llama with {name} {str(filled[name])[:40]!r} is no run that is computed here"
            )
    filled = {**_OPTIMIZERS[filled["optimizer"]], **filled}
    filled["schedule"] = {**_SCHEDULE, **filled["schedule"]}
    unknown = [
        *(
            filled.keys()
            - _DEFAULTS.keys()
            - set(_OTHERS)
            - _OPTIMIZERS[filled["optimizer"]].keys()
        ),
        *(filled["config"].keys() - set(_CONFIG)),
    ]
    if unknown:
        raise NotImplementedOpError(
            f"train_llama with {min(unknown)[:40]!r} is no run that is computed here"
        )
    return filled
