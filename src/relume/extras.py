"""Optional packages: import them, or say which pip line adds them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from relume.errors import MissingExtraError

EXTRAS: dict[str, tuple[str, ...]] = {
    "flow": ("cv2",),
    "heic": ("pi_heif",),
    "jxl": ("imagecodecs",),
    "openvino": ("openvino",),
    "raw": ("rawpy",),
    "scale": ("ray", "fsspec", "s3fs"),
    "serve": (
        "starlette",
        "uvicorn",
        "httptools",
        "python_multipart",
        "prometheus_client",
        "httpx",
    ),
    "train": ("torch", "lightning", "safetensors", "onnx", "onnxscript", "yaml"),
    "video": ("av",),
    "watch": ("watchfiles",),
    "wandb": ("wandb",),
}
"""Name of the extra → the modules it brings, by import name."""


def pip_line(extra: str) -> str:
    """Return the command that installs `extra`."""
    return f"pip install 'relume[{extra}]'"


def need(module: str, *, extra: str) -> ModuleType:
    """Import `module`, which comes with `extra`.

    Raises: MissingExtraError with the pip line, when it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # A module that is there but lacks one of its own needs is another fault: show that one.
        if error.name is not None and error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtraError(
            f"this needs the package {module.split('.')[0]!r}, which is not installed; "
            f"{pip_line(extra)}"
        ) from error


def missing(extra: str) -> tuple[str, ...]:
    """Return the modules of `extra` that are not installed."""
    return tuple(module for module in EXTRAS[extra] if find_spec(module) is None)
