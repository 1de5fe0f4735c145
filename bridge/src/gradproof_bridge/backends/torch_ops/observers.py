"""torch.ao.quantization's observers of ranges, and the scales that they calculate."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor
    from torch.ao.quantization.observer import UniformQuantizationObserverBase

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def minmax_observer(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """MinMaxObserver and MovingAverageMinMaxObserver, of a tensor or of each channel, after the
    batches before.
    """
    import torch.ao.quantization.observer as observers

    axis, share = params.get("ch_axis"), params.get("averaging_constant")
    options = {} if axis is None else {"ch_axis": axis % t["x"].dim()}
    average = {} if share is None else {"averaging_constant": share}
    name = f"{'' if share is None else 'MovingAverage'}{'' if axis is None else 'PerChannel'}"
    observer = getattr(observers, f"{name}MinMaxObserver")(**options, **average)
    observer.to(t["x"].device)
    if "min_val" in t:
        _restore(observer, t["min_val"], t["max_val"], whole=axis is None)
    observer(t["x"])
    return {"min_val": observer.min_val.reshape(-1), "max_val": observer.max_val.reshape(-1)}


def calculate_qparams(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """calculate_qparams of an observer that has seen such ranges."""
    import torch
    import torch.ao.quantization.observer as observers

    dtype = getattr(torch, params["dtype"])
    whole = t["min_val"].numel() == 1
    kind = observers.MinMaxObserver if whole else observers.PerChannelMinMaxObserver
    scheme = f"per_{'tensor' if whole else 'channel'}_{params['qscheme']}"
    observer = kind(
        dtype=dtype,
        qscheme=getattr(torch, scheme),
        reduce_range=bool(params["reduce_range"]),
        eps=params["eps"],
    )
    _restore(observer, t["min_val"], t["max_val"], whole=whole)
    scale, zero_point = observer.calculate_qparams()
    stored = torch.uint8 if params["dtype"] == "quint8" else torch.int8
    return {"scale": scale, "zero_point": zero_point.to(stored)}


def _restore(
    observer: UniformQuantizationObserverBase, low: Tensor, high: Tensor, *, whole: bool
) -> None:
    observer.min_val = low.reshape(()) if whole else low.clone()
    observer.max_val = high.reshape(()) if whole else high.clone()


OPS = {"minmax_observer": minmax_observer, "calculate_qparams": calculate_qparams}
