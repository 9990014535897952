"""A store that fails and dawdles, a worker that is killed, then the driver: every object once."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from e2e.command import COMMAND, Call, put_photo, run
from e2e.scale.conftest import Abandon
from e2e.scale.test_fleet import QUIET, wait, workers
from fake.store import store
from relume.cli import _fleet
from relume.extras import missing, pip_line

pytestmark = pytest.mark.skipif(
    bool({"ray", "s3fs"} & set(missing("scale"))) or importlib.util.find_spec("moto") is None,
    reason=f"needs Ray, s3fs and moto; {pip_line('scale')}",
)
COUNT = 30
METHOD = ("-m", "relume", "--threads", "1")


class Bucket:
    """What the test itself sees of the store; every version of an object that was ever put."""

    def __init__(self, environment: dict[str, str], patch: pytest.MonkeyPatch) -> None:
        """Make the bucket, and let `s3://` mean its store."""
        import boto3
        from botocore.config import Config

        for name, value in environment.items():
            patch.setenv(name, value)
        patient = Config(retries={"max_attempts": 10, "mode": "standard"})
        endpoint = environment["AWS_ENDPOINT_URL"]
        self._client: Any = boto3.client("s3", endpoint_url=endpoint, config=patient)
        self._client.create_bucket(Bucket="nights")
        self._client.put_bucket_versioning(
            Bucket="nights", VersioningConfiguration={"Status": "Enabled"}
        )

    def put(self, key: str, data: bytes) -> None:
        self._client.put_object(Bucket="nights", Key=key, Body=data)

    def get(self, key: str) -> bytes:
        return self._client.get_object(Bucket="nights", Key=key)["Body"].read()

    def puts(self) -> Counter[str]:
        """Return how often each result was put."""
        found = self._client.list_object_versions(Bucket="nights", Prefix="out/")
        return Counter(one["Key"] for one in found.get("Versions", []))

    def open_uploads(self) -> int:
        return len(self._client.list_multipart_uploads(Bucket="nights").get("Uploads", []))


@pytest.mark.slow
def test_each_object_is_put_once(
    relume: Call, abandon: Abandon, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store(fail=7, slow=11) as environment:
        # Attempts of what the test asks for.
        bucket = Bucket(environment | {"AWS_MAX_ATTEMPTS": "10"}, monkeypatch)
        for index in range(COUNT):
            data = put_photo(f"in/{index:02}.jpg", height=600, width=800, seed=index)
            bucket.put(f"in/{index:02}.jpg", data)
        on_ray = ("enhance", "s3://nights/in", "-o", "s3://nights/out", *METHOD, "--on", "ray",
                  "-j", "2", "--manifest", "out.sqlite")  # fmt: skip
        own = {**QUIET, "AWS_MAX_ATTEMPTS": "1"}
        with psutil.Popen(
            [*COMMAND, *on_ray], stdout=subprocess.DEVNULL, env={**os.environ, **own}
        ) as driver:
            wait(lambda: len(bucket.puts()) > 3, driver)
            workers(driver.pid)[0].kill()
            before = len(bucket.puts())
            wait(lambda: len(bucket.puts()) > before + 4, driver)
            abandon(driver)
        assert 0 < len(bucket.puts()) < COUNT
        ended = run(*on_ray, env=own)
        assert ended.returncode == 0, ended.stderr
        assert bucket.puts() == {f"out/{index:02}.jpg": 1 for index in range(COUNT)}
        assert bucket.open_uploads() == 0
        assert relume("enhance", "in", "-o", "single", *METHOD, "-q").code == 0
        for index in range(COUNT):
            alone = Path(f"single/{index:02}.jpg").read_bytes()
            assert bucket.get(f"out/{index:02}.jpg") == alone
        verified = relume("runs", "verify", "out.sqlite")
        assert verified.out == f"{COUNT} whole\n", verified.err


NO_KEYS = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}


CANNOT_BE = (
    ("s3://nights/none.jpg", "s3://nights/out", "s3://nights/none.jpg: no such file or folder"),
    ("s3://nights/in", "s3://other/out", "s3://other/out: the store has no bucket other;"),
    ("s3://nights/in", "s3://nights/out", "s3://nights/in: cannot be looked at: "),
)


def test_what_cannot_be_is_told_before_a_cluster_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with store() as environment:
        bucket = Bucket(environment, monkeypatch)
        bucket.put("in/a.jpg", put_photo("a.jpg"))
        for source, target, complaint in CANNOT_BE:
            if "looked at" in complaint:
                for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                    monkeypatch.delenv(name)
            command = ("enhance", source, "-o", target, "--on", "ray", "--manifest", "out.sqlite")
            # No cluster has this address: to start one would be told.
            ended = run(*command, env=NO_KEYS | {"RAY_ADDRESS": "nowhere:1"})
            assert ended.returncode != 0
            assert ended.stderr.decode().startswith(f"relume: {complaint}")
            assert len(ended.stderr.splitlines()) == 1
            assert ended.stdout == b""
            assert not bucket.puts()
            assert Path("out.sqlite").exists() == (target == "s3://other/out")
            Path("out.sqlite").unlink(missing_ok=True)


def test_a_store_that_does_not_tell_of_uploads_spoils_no_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(address: str) -> int:
        raise PermissionError("Access Denied")

    monkeypatch.setattr("relume.scale.uploads.abort_stale", refused)
    _fleet._clean_up("s3://nights/out", "lines")  # pyright: ignore[reportPrivateUsage]
    assert capsys.readouterr().err.startswith("relume: note: s3://nights/out: ")
