"""The Python in the documentation, run as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import relume
from e2e.command import Call
from fake.night import night

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the title, or nothing, and the text of every block of Python on a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r'```python(?: title="(.*?)")?\n(.*?)```', text, re.DOTALL)


def test_relume_in_python(folder: Path) -> None:
    relume.write(relume.Photo(np.rint(night(60, 80) * 255).astype(np.uint8)), "party.jpg")
    names: dict[str, Any] = {}
    for title, code in blocks("python.md"):
        if title:
            Path(title).write_text(code)
            subprocess.run([sys.executable, title], check=True, timeout=120)
        else:
            exec(compile(code, "python.md", "exec"), names)
    assert names["bright"].mean() > names["low"].mean()
    assert len(names["results"]) == 3
    assert (folder / "bright.jpg").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_exported_files_elsewhere(relume: Call) -> None:
    for module in ("torch", "onnxscript", "openvino"):
        pytest.importorskip(module)
    for arguments in (
        ("sgz", "-o", "sgz.onnx"),
        ("sgz.onnx", "--to", "openvino", "-o", "sgz.xml"),
        ("sgz", "--to", "torchscript", "-o", "sgz.pt"),
    ):
        ended = relume("export", *arguments)
        assert ended.code == 0, ended.err
        if "openvino" in arguments:
            assert "INFERENCE_PRECISION_HINT" in ended.out
    low = (np.random.default_rng(0).random((1, 3, 400, 600), np.float32) ** 2) * 0.3
    found: list[np.ndarray] = []
    for _, code in blocks("export.md"):
        given = "torch.from_numpy(low)" if "torch.zeros" in code else "low"
        code = re.sub(r"^low = .*$", "low = " + given, code, flags=re.MULTILINE)
        names: dict[str, Any] = {"low": low}
        exec(compile(code, "export.md", "exec"), names)
        found.append(np.asarray(names["enhanced"]))
    exact, compiled, network = found
    # Asked for float32, OpenVINO is exact on processors with AMX too; bfloat16 is off by 0.01.
    assert np.abs(exact - compiled).max() <= 1e-4
    assert exact.shape == network.shape == low.shape
