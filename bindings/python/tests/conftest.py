from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from flexcancel import Client

from .sandbox import KEY, Sandbox

# A shell has its background jobs ignore Ctrl-C, and so would every program that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(KEY, base_url=sandbox.url) as client:
        yield client
