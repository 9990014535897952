"""What files say about colour is understood by numbers, and said again by profiles of ours."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from relume.colour_statement import ASSUMED, Colour, curves, known, of_codes
from relume.colour_statement.curves import Parametric, Sampled
from relume.colour_statement.icc import of_profile
from relume.colour_statement.icc_writer import gray_profile, profile
from relume.photo import Photo

GAMMA_18 = known.named_transfer((Parametric(1.8),))
KNOWN = [known.BT709, known.P3_D65, known.BT2020, known.ADOBE, known.PROPHOTO]


def colour(primaries: known.Primaries, transfer: known.Transfer) -> Colour:
    return Colour(primaries, transfer, "test")


@pytest.mark.parametrize("primaries", KNOWN, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "transfer", [known.SRGB_CURVE, known.LINEAR, GAMMA_18], ids=lambda one: one.name
)
def test_a_profile_of_ours_says_the_same(primaries, transfer):
    written = profile(colour(primaries, transfer))
    read = of_profile(written)
    assert len(written) < 1000
    assert read.primaries.near(primaries)
    assert read.primaries.name == primaries.name
    assert read.transfer.near(transfer)
    assert read.by == "ICC profile"


# Published by the standards, against matrices rounded to four digits there.
@pytest.mark.parametrize(
    ("primaries", "to_pcs"),
    [
        # ICC's own sRGB profile (sRGB2014), its colorants under D50
        (
            known.BT709,
            [[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]],
        ),
        # ISO 22028-2:2013, annex: ROMM RGB
        (known.PROPHOTO, [[0.7977, 0.1352, 0.0313], [0.2880, 0.7119, 0.0001], [0.0, 0.0, 0.8249]]),
        # Adobe RGB (1998) Color Image Encoding, section 4.3.6.1
        (
            known.ADOBE,
            [[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]],
        ),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_matrices_are_those_of_the_standards(primaries, to_pcs):
    assert primaries.to_pcs() == pytest.approx(np.array(to_pcs), abs=3e-4)


@pytest.mark.parametrize("primaries", KNOWN, ids=lambda one: one.name)
def test_little_cms_takes_profiles_of_ours_as_they_are_meant(primaries):
    theirs = ImageCms.ImageCmsProfile(BytesIO(profile(colour(primaries, known.SRGB_CURVE))))
    patch = np.array([[[200, 90, 60], [120, 130, 140]]], np.uint8)
    got = ImageCms.profileToProfile(
        Image.fromarray(patch), theirs, ImageCms.createProfile("sRGB"), renderingIntent=1
    )
    light = known.SRGB_CURVE.curves[0].decode(patch / 255)
    matrix = np.linalg.inv(known.BT709.to_pcs()) @ primaries.to_pcs()
    expected = known.SRGB_CURVE.curves[0].encode(light @ matrix.T) * 255
    assert np.abs(np.asarray(got) - expected).max() < 1.5


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), "sRGB"),
        (profile(ASSUMED), "sRGB"),
        # One that calls itself sRGB and is not, and one the other way round.
        (profile(colour(known.ADOBE, known.TRANSFERS[4])).replace(
            "Adobe RGB (1".encode("utf-16-be"), "sRGB sRGB sR".encode("utf-16-be")),
         "Adobe RGB (1998), gamma 2.2"),
        (profile(ASSUMED).replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be")), "sRGB"),
    ],
    ids=["LittleCMS", "ours", "false name", "no name"],
)  # fmt: skip
def test_names_of_profiles_mean_nothing(made, name):
    assert of_profile(made).name == name


@pytest.mark.parametrize(
    ("curve", "is_srgb"),
    [
        (Sampled(tuple(curves.SRGB.decode(np.linspace(0, 1, 1024)))), True),
        (Sampled(tuple(curves.SRGB.decode(np.linspace(0, 1, 26)))), True),
        (Parametric(2.2), False),
        (Parametric(2.4), False),
        (curves.CAMERA, False),
        (curves.LINEAR, False),
    ],
    ids=["1024 entries", "26 entries", "2.2", "2.4", "BT.709", "linear"],
)
def test_a_curve_is_srgb_when_it_looks_the_same(curve, is_srgb):
    assert Colour(known.BT709, known.named_transfer((curve,)), "test").is_srgb is is_srgb


@pytest.mark.parametrize("code", sorted(known.TRANSFERS))
def test_every_transfer_of_h273_leads_back(code):
    curve = known.TRANSFERS[code].curves[0]
    encoded = np.linspace(0.0, 1.0, 1001)
    light = curve.decode(encoded)
    assert (np.diff(light) >= 0).all()
    assert light[-1] == pytest.approx(curve.peak, rel=1e-3)
    assert curve.encode(light) == pytest.approx(encoded, abs=1e-5)


@pytest.mark.parametrize(
    ("code", "encoded", "light"),
    [
        (16, 0.5806888810416109, 1.0),  # 203 cd/m²: 58 %, BT.2408-7, table 1
        (18, 0.75, 1.0),  # 75 %, there
        (1, 0.5, 0.2596),  # BT.709-6, item 1.2, inverted
        (13, 0.5, 0.2140),
    ],
)
def test_light_of_known_signals(code, encoded, light):
    curve = known.TRANSFERS[code].curves[0]
    assert float(curve.decode(np.array([encoded]))[0]) == pytest.approx(light, rel=1e-3)


@pytest.mark.parametrize(
    ("codes", "name"),
    [
        ((1, 13), "sRGB"),
        ((12, 13), "P3-D65, sRGB"),
        ((9, 16), "BT.2020, PQ"),
        ((9, 18), "BT.2020, HLG"),
        ((1, 8), "BT.709, linear"),
        ((12, 2), "P3-D65, sRGB"),
    ],
)
def test_numbers_of_h273(codes, name):
    assert of_codes(*codes, by="nclx").name == name


@pytest.mark.parametrize("codes", [(2, 2), (3, 13), (1, 9), (255, 255)])
def test_numbers_that_state_nothing(codes):
    assert of_codes(*codes, by="nclx") is None


def test_gray_profile_keeps_the_curve():
    made = gray_profile(colour(known.ADOBE, known.TRANSFERS[4]))
    assert made[16:20] == b"GRAY"
    assert of_profile(made).transfer.near(known.TRANSFERS[4])


@pytest.mark.parametrize("damage", [b"", b"nonsense" * 40, "cut", "offset", "white"])
def test_a_damaged_profile_states_nothing(damage):
    made = bytearray(profile(ASSUMED))
    if damage == "cut":
        made = made[:300]
    elif damage == "offset":
        struct.pack_into(">I", made, 132 + 4, 1 << 31)
    elif damage == "white":
        at = made.index(b"XYZ \0\0\0\0", 140)
        made = made[: at + 20] + b"\0" * (len(made) - at - 20)
    else:
        made = damage
    assert of_profile(bytes(made)) is None


def test_hdr_has_no_profile():
    with pytest.raises(ValueError, match="PQ"):
        profile(colour(known.BT2020, known.PQ))


def test_a_photo_means_what_its_profile_says_before_anything_else():
    pixels = np.zeros((2, 2, 3), np.uint8)
    p3 = colour(known.P3_D65, known.SRGB_CURVE)
    stated = of_codes(9, 13, by="nclx")
    assert Photo(pixels).colour is ASSUMED
    assert Photo(pixels, stated=stated).colour is stated
    assert Photo(pixels, icc=profile(p3), stated=stated).colour.name == "P3-D65, sRGB"
    assert Photo(pixels, icc=b"damaged", stated=stated).colour is stated
