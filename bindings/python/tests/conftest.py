from __future__ import annotations

from collections.abc import Iterator

import pytest

from flexcancel import Client

from .sandbox import KEY, Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(KEY, base_url=sandbox.url) as client:
        yield client
