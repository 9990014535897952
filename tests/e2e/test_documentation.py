"""The Python in the documentation, run as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import relume
from fake.night import night
from fake.page import browser, served
from relume.cli import main

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


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the page exports."""
    for module in ("torch", "onnxscript", "openvino"):
        pytest.importorskip(module)
    folder = tmp_path_factory.mktemp("exported")
    for source, name, *more in (
        ("sgz", "sgz.onnx"),
        (str(folder / "sgz.onnx"), "sgz.xml", "--to", "openvino"),
        ("sgz", "sgz.pt", "--to", "torchscript"),
    ):
        with redirect_stdout(StringIO()) as printed:
            assert main(["export", source, *more, "-o", str(folder / name)]) == 0
        assert ("INFERENCE_PRECISION_HINT" in printed.getvalue()) == (name == "sgz.xml")
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_exported_files_elsewhere(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exported)
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


@pytest.mark.slow
def test_exported_files_in_a_browser(exported: Path, tmp_path: Path) -> None:
    files = os.environ.get("RELUME_ORT_WEB")
    if not files:
        pytest.skip(
            "RELUME_ORT_WEB does not name the folder dist of onnxruntime-web "
            "(npm install onnxruntime-web@1.30.0)"
        )
    shutil.copytree(files, tmp_path / "ort", ignore=shutil.ignore_patterns("*.map"))
    shutil.copy(exported / "sgz.onnx", tmp_path)
    (code,) = re.findall(r"```javascript\n(.*?)```", (DOCS / "export.md").read_text("utf-8"), re.S)
    low = ((np.arange(3 * 64 * 96) * 7919 % 1000) * 3e-4).astype(np.float32).reshape(1, 3, 64, 96)
    given = f"Float32Array({low.ravel().tolist()}), [1, 3, 64, 96]"
    code, times = re.subn(r"Float32Array\(3 \* 400 \* 600\), \[1, 3, 400, 600\]", given, code)
    assert times == 1
    end = "globalThis.found = [...enhanced.data];"
    (tmp_path / "index.html").write_text(f'<script type="module">{code}\n{end}</script>')
    with served(tmp_path) as address, browser() as started:
        page = started.new_page()
        page.goto(address)
        page.wait_for_function("globalThis.found !== undefined", timeout=60_000)
        found = np.array(page.evaluate("globalThis.found"), np.float32).reshape(low.shape)
    session = onnxruntime.InferenceSession(
        (exported / "sgz.onnx").read_bytes(), providers=["CPUExecutionProvider"]
    )
    feeds = {"image": low, "scale": np.asarray(12, np.float32)}
    assert np.abs(found - session.run(["enhanced"], feeds)[0]).max() <= 1e-5
