from __future__ import annotations

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from relume.io.metadata.exposure import Told, told

TAGS = {"time": 0x829A, "f_number": 0x829D, "iso": 0x8827, "brightness": 0x9203}


def blob(*, software: str = "G991BXXU5CVDD", **values: object) -> bytes:
    """Return EXIF as a phone writes it; a value of None leaves its tag out."""
    usual = {"time": IFDRational(1, 8), "f_number": IFDRational(18, 10), "iso": 100}
    usual |= {"brightness": IFDRational(-50, 10)}
    exif = Image.Exif()
    exif[0x0131] = software
    inner = exif.get_ifd(0x8769)
    for name, value in (usual | values).items():
        if value is not None:
            inner[TAGS[name]] = value
    return exif.tobytes()[6:]


def test_a_bracket_of_one_night_falls_short_by_its_own_steps() -> None:
    """Av + Tv − Bv − Sv by hand: 1.696 + 3 + 5 − 5 at 1/8 s, f/1.8, ISO 100, Bv −5."""
    found = told(blob())
    assert found is not None
    assert found.short == pytest.approx(4.696, abs=2e-3)
    assert found.scene == -5
    for time, short in ((IFDRational(1, 64), 7.696), (IFDRational(2, 1), 0.696)):
        bracketed = told(blob(time=time))
        assert bracketed is not None
        assert bracketed.short == pytest.approx(short, abs=2e-3)


def test_what_is_right_by_the_camera_s_own_meter_is_not_short() -> None:
    """f/2.8, 1/50 s, ISO 400: Av 2.97 + Tv 5.64 − Sv 7 = 1.61."""
    found = told(
        blob(
            time=IFDRational(1, 50),
            f_number=IFDRational(28, 10),
            iso=400,
            brightness=IFDRational(161, 100),
        )
    )
    assert isinstance(found, Told)
    assert abs(found.short) < 0.02


@pytest.mark.parametrize(
    "values",
    [
        {"brightness": None},
        {"time": None},
        {"f_number": None},
        {"iso": None},
        {"iso": 0},
        {"iso": 65535},
        {"f_number": IFDRational(0, 1)},
        {"time": IFDRational(0, 1)},
        {"brightness": IFDRational(-1, 1)},  # 0xFFFFFFFF
        {"brightness": IFDRational(99, 1)},
        {"software": "Adobe Photoshop Lightroom 6.1"},
        {"software": "GIMP 2.10"},
    ],
)
def test_what_is_unknown_or_edited_tells_nothing(values: dict[str, object]) -> None:
    assert told(blob(**values)) is None


@pytest.mark.parametrize("cut", [0, 3, 9, 20, 60, 100])
def test_what_is_cut_off_tells_nothing(cut: int) -> None:
    assert told(blob()[:cut]) is None
