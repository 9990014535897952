"""What doctor finds, and that it calls faults what are faults."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from relume import engines, extras, methods
from relume.engines.measured import Measured, circumstances, remember
from relume.errors import WeightsError
from relume.proof import doctor
from relume.runtime import weights


def found(topic: str) -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in doctor.examine() if finding.topic == topic}


def test_versions_are_those_installed() -> None:
    versions = found("versions")
    assert versions["numpy"].found == np.__version__
    assert {"relume", "python", "pillow", "onnxruntime", "libvips", "simplejpeg"} <= set(versions)
    assert not any(finding.fault for finding in versions.values())


def test_engine_renderer_and_machine_are_named() -> None:
    assert "onnxruntime" in found("engines")
    assert len(found("renderer")) == 1
    assert {"system", "processors"} <= set(found("machine"))


def test_memory_is_plausible() -> None:
    memory = doctor.memory_bytes()
    assert memory is None or 2**26 < memory < 2**50


def test_a_missing_extra_names_its_pip_line_and_is_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(extras.EXTRAS, "heic", ("surely_not_installed",))
    finding = found("extras")["heic"]
    assert "pip install 'relume[heic]'" in finding.found
    assert not finding.fault


def test_a_package_that_breaks_on_import_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def broken(name: str) -> ModuleType:
        if name == "simplejpeg":
            raise OSError("libturbojpeg.so: wrong ELF class")
        return real(name)

    monkeypatch.setattr(doctor, "import_module", broken)
    assert "wrong ELF class" in found("versions")["simplejpeg"].fault


def test_weights_are_compared_with_their_checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    neural = {card.name for card in methods.cards() if card.kind == "neural"}
    monkeypatch.setattr(weights, "checksums", lambda name: {"nights.onnx": "0" * 64})

    def differ(name: str, file: str) -> bytes:
        raise WeightsError(f"{name}: not the published ones")

    monkeypatch.setattr(weights, "read_published", differ)
    findings = found("weights")
    assert set(findings) == neural
    assert all("not the published" in finding.fault for finding in findings.values())


def test_parameters_that_a_wheel_leaves_out_are_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = weights.folder("sgz")
    for file in weights.checksums("sgz"):
        if not file.endswith(".safetensors"):
            tmp_path.joinpath(file).write_bytes(place.joinpath(file).read_bytes())
    monkeypatch.setattr(weights, "folder", lambda name: tmp_path)
    assert not any(file.endswith(".safetensors") for file in weights.installed("sgz"))
    assert len(weights.installed("sgz")) < len(weights.checksums("sgz"))
    tmp_path.joinpath(next(iter(weights.installed("sgz")))).unlink()
    assert "absent" in found("weights")["sgz"].fault


def test_it_says_which_engine_auto_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "not measured" in found("speed")["sgz"].found
    data = weights.read_published("sgz", "nights.onnx")
    seconds = {"onnxruntime": 0.2, "openvino": 0.05}
    if "openvino" in engines.available():
        remember(data, Measured("sgz", seconds, circumstances()))
        said = "openvino 50 ms, onnxruntime 200 ms: auto takes openvino"
        assert found("speed")["sgz"].found == said
    assert not any(finding.fault for finding in found("speed").values())


def test_engines_that_cannot_be_asked_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("libonnxruntime.so: wrong ELF class")

    monkeypatch.setattr(engines, "usable", broken)
    assert "wrong ELF class" in found("engines")["devices"].fault
