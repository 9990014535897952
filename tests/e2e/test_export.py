"""`relume export` and `import-weights` at the command line, and their files elsewhere."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from e2e.command import Call, put_photo
from fake.models import plain_model
from relume.runtime import weights

WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder

class Refuse(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "onnx", "onnxscript", "safetensors", "yaml"}:
            raise ImportError(f"not here: {name}")
        return None

sys.meta_path.insert(0, Refuse())
from relume.cli import main
sys.exit(main(sys.argv[1:]))
"""
ONLY_TORCH = """
import sys
import warnings
warnings.simplefilter("ignore")
import torch
extra = {"relume.card": "", "relume.outputs": ""}
loaded = torch.jit.load(sys.argv[1], _extra_files=extra)
for size in ((1, 1), (5, 9), (64, 48)):
    enhanced, curve = loaded(torch.rand(2, 3, *size))
    assert enhanced.shape == curve.shape == (2, 3, *size)
assert extra["relume.outputs"] == b"enhanced,curve" and b'"sgz"' in extra["relume.card"]
assert not any(name.split(".")[0] == "relume" for name in sys.modules)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sgz in four forms; what was printed lies beside it."""
    from relume.cli import main

    folder = tmp_path_factory.mktemp("made")
    for arguments in (
        ["-o", "sgz.onnx"],
        ["--precision", "fp16", "--to", "openvino", "-o", "sgz.xml"],
        ["--to", "torchscript", "-o", "sgz.pt"],
        ["--precision", "int8", "--calibrate-samples", "4", "--npz", "npz", "-o", "int8.onnx"],
    ):
        *rest, name = arguments
        rest = [str(folder / each) if each == "npz" else each for each in rest]
        told = io.StringIO()
        with redirect_stdout(told):
            assert main(["export", "sgz", *rest, str(folder / name)]) == 0
        folder.with_name(f"{name}.txt").write_text(told.getvalue(), encoding="utf-8")
    return folder


def test_writes_what_was_asked_and_nothing_else(made: Path) -> None:
    names = {path.name for path in made.iterdir()}
    assert names == {"sgz.onnx", "sgz.xml", "sgz.bin", "sgz.pt", "int8.onnx", "npz"}
    assert (made / "npz" / "calibration.txt").is_file()


def test_says_what_results_depend_on(made: Path) -> None:
    def told(name: str) -> str:
        return made.with_name(f"{name}.txt").read_text(encoding="utf-8")

    assert '{"INFERENCE_PRECISION_HINT": "f32"}' in told("sgz.xml")
    assert "float32 on pictures set aside; drawn ones: real dark pictures may lose" in told(
        "int8.onnx"
    )


@pytest.mark.parametrize("name", ["sgz.onnx", "int8.onnx", "sgz.xml"])
def test_runs_where_torch_cannot_be_imported(made: Path, folder: Path, name: str) -> None:
    put_photo("a.png")
    ended = subprocess.run(
        [
            *(sys.executable, "-c", WITHOUT_TORCH),
            *("enhance", "a.png", "-m", str(made / name), "-o", "b.png"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    with Image.open("a.png") as before, Image.open("b.png") as after:
        assert np.asarray(after).mean() > np.asarray(before).mean()


def test_torchscript_needs_torch_alone(made: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ONLY_TORCH, str(made / "sgz.pt")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert ended.returncode == 0, ended.stderr


def test_verify_passes_what_export_wrote(made: Path, relume: Call) -> None:
    ended = relume("verify", str(made / "sgz.onnx"), str(made / "int8.onnx"), "--json")
    checks = json.loads(ended.out)
    assert ended.code == 0
    assert {check["unit"] for check in checks} == {"", "dB"}
    broken = Path("broken.onnx")
    broken.write_bytes((made / "sgz.onnx").read_bytes()[:5000])
    ended = relume("verify", str(broken))
    assert ended.code == 1
    assert "broken.onnx: ONNX Runtime cannot read this model" in ended.complaint


def test_arrays_for_other_toolchains_calibrate_again(made: Path, relume: Call) -> None:
    again = ("--precision", "int8", "--calibrate", str(made / "npz"), "-o", "again.onnx")
    ended = relume("export", "sgz", *again)
    assert ended.code == 0
    assert "dB from float32" in ended.out
    assert Path("again.onnx").read_bytes() == (made / "int8.onnx").read_bytes()


WRONG = {
    "no such method": (["sgx", "-o", "x.onnx"], "did you mean sgz"),
    "no network": (["gamma", "-o", "x.onnx"], "has no network to export"),
    "no such target": (["sgz", "--to", "onx", "-o", "x.onnx"], "did you mean onnx"),
    "no such precision": (["sgz", "--precision", "fp8", "-o", "x.onnx"], "did you mean fp"),
    "no such calibration": (
        ["sgz", "--precision", "int8", "--calibration", "kl", "-o", "x.onnx"],
        "no calibration is called 'kl'",
    ),
    "suffix": (["sgz", "--to", "openvino", "-o", "x.onnx"], "ends in .xml"),
    "opset": (["sgz", "--opset", "9", "-o", "x.onnx"], "--opset 9: expected 18 to 23"),
    "shape": (["sgz", "--shape", "4by4", "-o", "x.onnx"], "expected HEIGHTxWIDTH"),
    "pictures absent": (
        ["sgz", "--precision", "int8", "--calibrate", "absent", "-o", "x.onnx"],
        "absent: no such folder of pictures",
    ),
    "pictures none": (
        ["sgz", "--precision", "int8", "--calibrate", "empty", "-o", "x.onnx"],
        "there is no picture in it",
    ),
    "unwritable": (["sgz", "-o", "nowhere/x.onnx"], "there is no folder nowhere"),
    "corrupted": (["broken.onnx", "-o", "x.onnx"], "not a sound ONNX model"),
    "absent": (["absent.onnx", "-o", "x.onnx"], "cannot be read"),
    "no checkpoint": (["a.ckpt", "--method", "sgz", "-o", "x.onnx"], "not a checkpoint"),
    "whose": (["a.ckpt", "-o", "x.onnx"], "does not say whose weights it holds; add --method"),
    "itself": (["own.onnx", "-o", "own.onnx"], "is the source and would be overwritten"),
}


LATE = ("pictures none", "corrupted", "no checkpoint", "whose")
"""What is wrong inside of files, which torch or onnx must read."""


@pytest.mark.parametrize("case", sorted({*WRONG} - {*LATE}))
def test_wrong_usage_is_told_before_torch_is_loaded(
    relume: Call, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    def loaded(*_: object, **__: object) -> None:
        raise AssertionError("torch was asked for")

    Path("own.onnx").write_bytes(b"a model")
    monkeypatch.setattr("relume.cli.export.need", loaded)
    arguments, said = WRONG[case]
    ended = relume("export", *arguments)
    assert ended.code in (1, 2)
    assert said in ended.complaint


@pytest.mark.parametrize(
    ("words", "there"),
    [
        ("export sgz -o x.onnx", "x.onnx"),
        ("export sgz --to openvino -o x.xml", "x.bin"),
        ("export sgz --npz arrays -o x.onnx", "arrays/calibration.txt"),
        ("import-weights sgz a.pth -o x.onnx", "x.onnx"),
        ("audit --train a --test b -o x.html", "x.html"),
        ("score --video a.mp4 --csv x.csv", "x.csv"),
        ("score --video a.mp4 --plot x.svg", "x.svg"),
        ("speed sgz -o speeds", "speeds/speed.json"),
        ("compare a.png -o x.png", "x.png"),
    ],
)
def test_a_file_that_is_there_is_replaced_only_when_asked(
    relume: Call, words: str, there: str
) -> None:
    Path(there).parent.mkdir(exist_ok=True)
    Path(there).write_bytes(b"somebody's")
    ended = relume(*words.split())
    assert (ended.code, ended.out) == (2, "")
    assert ended.complaint == f"relume: {there} is there already; --overwrite replaces it"
    assert Path(there).read_bytes() == b"somebody's"


@pytest.mark.parametrize("case", WRONG)
def test_says_in_one_line_what_is_wrong(folder: Path, relume: Call, case: str) -> None:
    Path("empty").mkdir()
    Path("broken.onnx").write_bytes(b"\x08\x07 not a model")
    Path("a.ckpt").write_bytes(b"nothing")
    Path("own.onnx").write_bytes(weights.read_published("sgz", "nights.onnx"))
    before = {path.name for path in folder.iterdir()}
    arguments, said = WRONG[case]
    ended = relume("export", *arguments)
    assert ended.code in (1, 2)
    assert said in ended.err
    assert ended.err.splitlines()[-1].startswith("relume: ")
    assert {path.name for path in folder.iterdir()} == before


def test_lpips_is_imported_by_its_name(folder: Path, relume: Call) -> None:
    Path("backbone.pth").write_bytes(b"nothing")
    asked = ("import-weights", "lpips-squeeze", "backbone.pth", "-o", "x.onnx")
    assert "add --heads FILE" in relume(*asked).complaint
    assert "not the linear layers" in relume(*asked, "--heads", "backbone.pth").complaint
    asked = ("import-weights", "lpips-sqeeze", "backbone.pth", "-o", "x.onnx")
    assert "did you mean squeeze" in relume(*asked, "--heads", "backbone.pth").complaint
    assert "only lpips-alex" in (
        relume("import-weights", "sgz", "a.pth", "--heads", "b.pth", "-o", "x.onnx").complaint
    )
    assert not Path("x.onnx").exists()


def test_a_file_of_another_project_gets_a_card(relume: Call) -> None:
    Path("theirs.onnx").write_bytes(plain_model())
    asked = ("--input", "srgb", "--reach", "2", "-o", "carded.onnx", "--overwrite")
    Path("carded.onnx").write_bytes(b"an earlier one")
    ended = relume("export", "theirs.onnx", *asked)
    assert (ended.code, ended.err) == (0, "")
    put_photo("party.png")
    described = ("-m", "theirs.onnx", "--input", "srgb", "--reach", "2", "-o", "one.png")
    assert relume("enhance", "party.png", *described).code == 0
    assert relume("enhance", "party.png", "-m", "carded.onnx", "-o", "two.png").code == 0
    assert Path("one.png").read_bytes() == Path("two.png").read_bytes()
    ended = relume("verify", "carded.onnx")
    assert ended.code == 0, ended.err
    sheet = relume("compare", "party.png", "--methods", "gamma,carded.onnx", "-o", "sheet.png")
    assert sheet.code == 0, sheet.err
    ended = relume("export", "carded.onnx", "--input", "srgb", "--reach", "2", "-o", "again.onnx")
    assert ended.code == 2
    assert "has a card inside" in ended.complaint
    ended = relume("export", "sgz", "--input", "srgb", "--reach", "2", "-o", "again.onnx")
    assert ended.code == 2
    assert not Path("again.onnx").exists()
