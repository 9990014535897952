"""Who may use the service, and what it never does."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from fake.service import Running, picture, service

TOKEN = "a-token-of-the-tests-0123456789"


def test_another_host_name_is_refused(running: Running) -> None:
    """A page whose own name leads here would otherwise be let in (DNS rebinding)."""
    for host in ("evil.example", f"evil.example:{running.port}", "127.0.0.1.evil.example", ""):
        answer = running.client.get("/v1/health", headers={"host": host})
        assert answer.status_code in (400, 421), host
    for host in ("localhost", f"127.0.0.1:{running.port}", "LOCALHOST:1", "[::1]:80"):
        assert running.client.get("/v1/health", headers={"host": host}).status_code == 200


def test_another_page_is_refused(running: Running) -> None:
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{running.port + 1}"):
        answer = running.client.post("/v1/enhance", content=picture(), headers={"origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    own = {"origin": running.address.rstrip("/")}
    assert running.client.post("/v1/enhance", content=picture(), headers=own).status_code == 200


@pytest.mark.parametrize("path", ["/", "/v1/health", "/nope", "/page/style.css"])
def test_security_headers(running: Running, path: str) -> None:
    headers = running.client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_a_url_is_no_picture_and_is_not_fetched(running: Running) -> None:
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.5)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/a.jpg"
        answer = running.client.post("/v1/enhance", content=url.encode())
        assert answer.status_code == 422
        assert running.client.post("/v1/enhance", params={"url": url}).status_code == 400
        with pytest.raises(TimeoutError):
            trap.accept()


def test_names_lead_nowhere(running: Running) -> None:
    for path in ("/page/../settings.py", "/page/%2e%2e/settings.py", "/page//etc/passwd"):
        raw = httpx.Request("GET", running.address.rstrip("/") + path)
        assert running.client.send(raw).status_code == 404


def test_the_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    options = ("--token-file", str(tmp_path / "token"), "--workers", "1",
               "--allow-origin", "https://gallery.example")  # fmt: skip
    with service(tmp_path, *options) as running:
        client = running.client
        for header in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
            for path in ("/v1/methods", "/metrics", "/v1/openapi.json"):
                answer = client.get(path, headers=header)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == "Bearer"
        refused = client.post("/v1/enhance", content=picture(600, 600))
        assert refused.status_code == 401
        assert refused.headers["connection"] == "close"  # the upload was not read
        assert client.get("/v1/ready").status_code == 200
        assert client.get("/").status_code == 200
        right = {"authorization": f"Bearer {TOKEN}"}
        assert client.post("/v1/enhance", content=picture(), headers=right).status_code == 200
        gallery = {"origin": "https://gallery.example"}
        refusal = client.get("/v1/methods", headers=gallery)
        assert refusal.status_code == 401  # the page may read why
        assert refusal.headers["access-control-allow-origin"] == "https://gallery.example"
        elsewhere = client.get("/v1/methods", headers={"origin": "https://evil.example"})
        assert elsewhere.status_code == 403
        assert "access-control-allow-origin" not in elsewhere.headers
        asked = {**gallery, "access-control-request-method": "POST"}
        assert client.options("/v1/enhance", headers=asked).status_code == 200
        answer = client.post("/v1/enhance", content=picture(), headers={**right, **gallery})
        assert answer.headers["access-control-allow-origin"] == "https://gallery.example"
        assert TOKEN not in running.log.read_text()


def test_the_log_tells_nothing_of_a_picture(running: Running) -> None:
    files = {"picture": ("my-secret-name.jpg", picture())}
    running.client.post("/v1/enhance", files=files, data={"method": "gamma"})
    text = running.log.read_text()
    assert '"path": "/v1/enhance"' in text
    assert "my-secret-name" not in text
