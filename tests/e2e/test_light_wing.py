"""The light wing where `import torch` raises: every module is imported and a photo enhanced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from e2e.command import put_photo

CODE = """
import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from pkgutil import walk_packages

BANNED = {"torch", "lightning", "torchmetrics", "onnx", "onnxscript", "safetensors", "yaml"}

class Refuse(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BANNED:
            raise ImportError(f"the light wing asked for {name}")
        return None

sys.meta_path.insert(0, Refuse())

import relume
from relume import methods

def is_torch_wing(name):
    parts = name.split(".")
    return parts[1] in {"nn", "losses", "train", "export"} or (
        parts[1] == "methods" and parts[-1] in {"network", "objective"}
    )

def missing(name):
    if not is_torch_wing(name):
        raise

count = 0
for module in walk_packages(relume.__path__, "relume.", onerror=missing):
    if is_torch_wing(module.name) or module.name.endswith("__main__"):
        continue
    import_module(module.name)
    count += 1

for name in relume.__all__:
    getattr(relume, name)

from relume.cli import main
code = main(["enhance", "a.jpg", "-m", "gamma"])
assert not BANNED & set(sys.modules)
print(count)
sys.exit(code)
"""


def test_runs_without_torch(folder: Path) -> None:
    put_photo("a.jpg")
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout.splitlines()[-1]) > 30
    assert Path("a.relume.jpg").exists()


FIRST = """
import sys
from relume.cli import main
code = main(["enhance", "a.jpg"])
print(*sorted(sys.modules))
sys.exit(code)
"""
NOT_FOR_A_JPEG = {
    "PIL",  # the other formats, inks, and pictures of pictures
    "email",  # what importlib.metadata reads
    "importlib.metadata",  # plugins, when a name is not one of ours
    "numpy.ma",  # medians, quantiles and distinct values load it
    "pyvips",
    "rich",
}


def test_a_first_jpeg_loads_only_what_it_needs(folder: Path) -> None:
    put_photo("a.jpg")
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", FIRST], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert Path("a.relume.jpg").exists()
    assert not NOT_FOR_A_JPEG & set(ended.stdout.split())
