"""What doctor finds, and that it calls faults what are faults."""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest

from relume import extras, methods
from relume.errors import WeightsError
from relume.runtime import doctor, weights


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
