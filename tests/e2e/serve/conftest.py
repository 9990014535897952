"""One service for all tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fake.service import Running, service


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with service(tmp_path_factory.mktemp("service"), "--workers", "2", "--memory", "1024") as one:
        yield one
