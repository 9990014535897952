"""The API: what goes in, what comes out, and how it says no."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import relume
from fake.service import Running, picture
from relume.cli import main
from relume.io import encode
from relume.photo import Photo
from shared import need_shared


def problem(answer: object) -> tuple[int, str, str]:
    """Return the status, kind and words of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    found = answer.json()  # type: ignore[attr-defined]
    assert found["status"] == answer.status_code  # type: ignore[attr-defined]
    return found["status"], found["type"].rsplit(":", 1)[1], found["detail"]


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ((), {}),
        (("-m", "gamma", "-k", "gamma=0.6", "--strength", "0.5"),
         {"method": "gamma", "knob": "gamma=0.6", "strength": "0.5"}),
        (("-m", "identity"), {"method": "identity"}),
        (("--strip-metadata", "--quality", "80"), {"metadata": "strip", "quality": "80"}),
    ],
)  # fmt: skip
def test_the_bytes_are_the_command_lines(
    running: Running, tmp_path: Path, arguments: tuple[str, ...], parameters: dict[str, str]
) -> None:
    data = picture()
    (tmp_path / "in.jpg").write_bytes(data)
    output = tmp_path / "out.jpg"
    assert main(["enhance", str(tmp_path / "in.jpg"), "-o", str(output), *arguments]) == 0
    answer = running.client.post("/v1/enhance", params=parameters, content=data)
    assert answer.status_code == 200
    assert answer.content == output.read_bytes()
    form = running.client.post("/v1/enhance", data=parameters, files={"picture": ("../x", data)})
    assert form.content == answer.content


def test_headers_say_how_it_came_about(running: Running) -> None:
    answer = running.client.post("/v1/enhance", content=picture())
    assert answer.headers["content-type"] == "image/jpeg"
    chosen = relume.Enhancer().photo(relume.read(picture()))
    assert answer.headers["relume-method"] == chosen.method
    assert answer.headers["relume-reason"] == chosen.reason
    assert json.loads(answer.headers["relume-knobs"]) == dict(chosen.knobs)
    assert json.loads(answer.headers["relume-notes"]) == []
    assert answer.headers["relume-size"] == "64x48"
    stages = {part.split(";")[0].strip() for part in answer.headers["server-timing"].split(",")}
    assert stages == {"queue", "read", "enhance", "write"}


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "bmp", "avif", "jpeg"])
def test_another_format(running: Running, format: str) -> None:
    answer = running.client.post(
        "/v1/enhance", params={"format": format, "method": "gamma"}, content=picture()
    )
    assert answer.headers["content-type"] == f"image/{format}"
    assert relume.io.sniff(answer.content) == format


@pytest.mark.parametrize("method", ["gamma", "identity"])
def test_heic_becomes_jpeg(running: Running, method: str) -> None:
    """It is read only, and phones write it: as on the command line, nobody has to name another."""
    pytest.importorskip("pi_heif", reason="needs the extra heic")
    data = need_shared("data", "misc", "heic", "RGBA_8__128x128.heif").read_bytes()
    answer = running.client.post("/v1/enhance", params={"method": method}, content=data)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    assert relume.io.sniff(answer.content) == "jpeg"


def test_json_with_maps(running: Running) -> None:
    parameters = {"answer": "maps", "method": "sgz"}
    answer = running.client.post("/v1/enhance", params=parameters, content=picture()).json()
    plain = running.client.post("/v1/enhance", params={"method": "sgz"}, content=picture())
    assert base64.b64decode(answer["picture"]) == plain.content
    assert answer["method"] == "sgz"
    assert answer["maps"]
    for drawn in answer["maps"].values():
        assert Image.open(BytesIO(base64.b64decode(drawn))).format == "PNG"


def test_a_smaller_side(running: Running) -> None:
    deep = np.linspace(0, 60000, 40 * 80 * 3).astype(np.uint16).reshape(40, 80, 3)
    data = encode(Photo(deep, alpha=np.full((40, 80), 65535, np.uint16)), format="png")
    answer = running.client.post(
        "/v1/enhance", params={"side": "20", "method": "identity"}, content=data
    )
    found = relume.read(answer.content)
    assert found.pixels.shape == (10, 20, 3)
    assert found.pixels.dtype == np.uint16
    assert abs(float(found.pixels[5, 10, 1]) - deep[20:24, 40:44, 1].mean()) <= 1.0


def test_sixteen_bits_stay(running: Running) -> None:
    deep = np.linspace(0, 20000, 30 * 30 * 3).astype(np.uint16).reshape(30, 30, 3)
    data = encode(Photo(deep), format="tiff")
    answer = running.client.post("/v1/enhance", params={"method": "gamma"}, content=data)
    expected = relume.enhance(deep, method="gamma")
    assert np.array_equal(relume.read(answer.content).pixels, expected)


def test_inspect(running: Running) -> None:
    found = running.client.post("/v1/inspect", content=picture(30, 40, format="png")).json()
    assert (found["format"], found["width"], found["height"], found["bits"]) == ("png", 40, 30, 8)
    assert found["auto"]["method"] in relume.methods.names()
    assert found["auto"]["reason"]


def test_methods_health_ready_metrics(running: Running) -> None:
    cards = running.client.get("/v1/methods").json()
    assert [card["name"] for card in cards] == list(relume.methods.names())
    assert running.client.get("/v1/health").json()["alive"] is True
    assert running.client.get("/v1/ready").json()["ready"] is True
    text = running.client.get("/metrics").text
    assert "relume_pictures_total" in text
    assert 'relume_memory_budget_bytes{share="work"}' in text


@pytest.mark.parametrize(
    ("parameters", "status", "kind", "words"),
    [
        ({"method": "relum"}, 400, "unknown-name", "did you mean relume"),
        ({"method": "mine.onnx"}, 400, "unknown-name", "no method is called"),
        ({"method": "/etc/passwd.onnx"}, 400, "unknown-name", "no method is called"),
        ({"methd": "relume"}, 400, "unknown-name", "did you mean method"),
        ({"knob": "gamma=1"}, 400, "unknown-name", "no knob of relume is called"),
        ({"method": "auto", "knob": "exposure=1"}, 400, "contract", "sets its own knobs"),
        ({"method": "gamma", "knob": "gamma=99"}, 400, "contract", "expected a value from"),
        ({"method": "gamma", "knob": "gamma=x"}, 400, "contract", "expected a number"),
        ({"strength": "nan"}, 400, "contract", "from 0 to 1"),
        ({"quality": "0"}, 400, "contract", "from 1 to 100"),
        ({"format": "gif"}, 400, "unknown-name", "no format is called"),
        ({"side": "-5"}, 400, "contract", "whole number"),
        ({"answer": "maps", "method": "identity"}, 400, "contract", "no intermediate results"),
    ],
)
def test_wrong_usage(
    running: Running, parameters: dict[str, str], status: int, kind: str, words: str
) -> None:
    found = problem(running.client.post("/v1/enhance", params=parameters, content=picture()))
    assert found[:2] == (status, kind)
    assert words in found[2]


def test_what_is_no_picture(running: Running) -> None:
    found = problem(running.client.post("/v1/enhance", content=b"hello"))
    assert found[:2] == (422, "unreadable")
    assert found[2].startswith("the upload starts with 'hello', which is not a picture format")
    cut = problem(running.client.post("/v1/enhance", content=picture()[:300]))
    assert cut[:2] == (422, "unreadable")
    assert problem(running.client.post("/v1/enhance"))[2].startswith("the upload is empty")


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("multipart/form-data", b"", "states no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\n", "cut off"),
        ("multipart/form-data; boundary=x", b"nonsense", "malformed"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="method"\r\n\r\ngamma\r\n--x--\r\n',
            "no picture",
        ),
    ],
)
def test_malformed_forms(running: Running, kind: str, body: bytes, words: str) -> None:
    answer = running.client.post("/v1/enhance", content=body, headers={"content-type": kind})
    found = problem(answer)
    assert found[:2] == (400, "contract")
    assert words in found[2]


def test_nothing_here(running: Running) -> None:
    assert problem(running.client.get("/v2/enhance"))[:2] == (404, "not-found")
    assert problem(running.client.get("/v1/enhance"))[:2] == (405, "method-not-allowed")


def test_the_document_names_every_method(running: Running) -> None:
    document = running.client.get("/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    text = json.dumps(document)
    assert all(f'"{name}"' in text for name in relume.methods.names())
