from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from flexcancel import Client, Outbox

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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where an outbox may be."""
    return tmp_path / "outbox.db"


@pytest.fixture
def outbox(client: Client, path: Path) -> Iterator[Outbox]:
    with Outbox(client, path) as outbox:
        yield outbox
