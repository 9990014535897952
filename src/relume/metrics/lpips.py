"""Learned perceptual image patch similarity, version 0.1.

Pictures in [−1, 1], (x − shift)/scale, features of a network after some of its rectifiers, each
position's divided by its norm, squared differences weighted by channel, averaged over positions,
summed over layers. The network is part of the number's name, and papers on dark pictures print
lpips-alex. The whole computation is one ONNX file, which `relume import-weights` makes from the
published weights; no weights are shipped.

Source: Zhang, Isola, Efros, Shechtman, Wang, CVPR 2018, eq. 1, arXiv 1801.03924.

| domain                                                  | range                              |
|---------------------------------------------------------|------------------------------------|
| two arrays (H, W, 3) whose white is 255, 32 pixels a side | ≥ 0, about 0 to 1; 0 for equal ones |
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from relume.errors import WeightsError
from relume.metrics.descriptor import Measure, Metric
from relume.metrics.parameters import read_bytes
from relume.metrics.planes import require_equal_shapes, require_size
from relume.metrics.protocol import FULL_REFERENCE_RGB

Network = Literal["alex", "vgg", "squeeze"]

METRIC = Metric(
    name="lpips",
    title="LPIPS",
    direction="lower",
    unit="",
    low=0.0,
    high=inf,
    reference="full",
    protocols=FULL_REFERENCE_RGB,
    source="https://arxiv.org/abs/1801.03924",
    variants=get_args(Network),
    needs="a model file that `relume import-weights` makes from the published weights",
)

NETWORK_KEY = "relume.lpips"
"""Under which the metadata of a model file name its network."""

LEAST = 32
"""Pixels a side that every network's last layer still sees something of (alex needs 31)."""

Distance: TypeAlias = Callable[[NDArray[np.float32], NDArray[np.float32]], float]
"""Two pictures (1, 3, H, W) in [−1, 1] → their distance; the work of an engine."""


def lpips(preds: NDArray[Any], target: NDArray[Any], *, distance: Distance) -> float:
    """Compare two pictures whose white is 255.

    Raises: ContractError when the shapes differ or the pictures are too small for the networks.
    """
    require_equal_shapes(preds, target, what="lpips")
    require_size(preds, least=LEAST, what="lpips")
    return distance(_batch(preds), _batch(target))


def from_file(path: Path | None, *, network: Network) -> Measure:
    """Return LPIPS with the model file `path`.

    Raises: WeightsError when it is absent, not a model of LPIPS, or of another network.
    """
    if path is None:
        raise WeightsError(
            f"lpips-{network} needs its model, which is not shipped: make it of the published "
            f"weights by `relume import-weights lpips-{network} BACKBONE.pth --heads HEADS.pth "
            f"-o FILE`, and give --parameters lpips-{network}=FILE"
        )
    return partial(lpips, distance=open_distance(path, network=network))


def open_distance(path: Path, *, network: Network) -> Distance:
    """Open a model file.

    Raises: WeightsError when it is absent, not a model of LPIPS, or of another network.
    """
    import onnxruntime

    content = read_bytes(path, what="a model of LPIPS")
    options: Any = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False  # sizes vary, and the arena never gives memory back
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others work, too
    try:
        session: Any = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        found = session.get_modelmeta().custom_metadata_map.get(NETWORK_KEY)
    # The runtime's exceptions share no base class.
    except Exception as error:
        raise WeightsError(f"{path}: not an ONNX model") from error
    if found != network:
        raise WeightsError(
            f"{path}: expected a model of lpips-{network}, "
            f"got one of {f'lpips-{found}' if found else 'something else'}"
        )

    def distance(preds: NDArray[np.float32], target: NDArray[np.float32]) -> float:
        (value,) = session.run(None, {"preds": preds, "target": target})
        return float(value.item())

    return distance


MEASURES: dict[str, Measure] = {}
MODELS = {network: partial(from_file, network=network) for network in get_args(Network)}


def _batch(picture: NDArray[Any]) -> NDArray[np.float32]:
    """Turn (H, W, 3) in [0, 255] into (1, 3, H, W) in [−1, 1]."""
    planes = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    moved = np.moveaxis(planes, 2, 0)[None].astype(np.float32)
    return np.ascontiguousarray(moved / np.float32(127.5) - np.float32(1.0))
