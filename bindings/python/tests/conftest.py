from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flexcancel import Client, Outbox

from .sandbox import KEY, Sandbox

# A shell has its background jobs ignore Ctrl-C, and so would every program that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


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


@pytest.fixture
def no_daemon_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a sub-interpreter of Python 3.13."""
    make = threading.Thread.__init__

    def refuse(thread: threading.Thread, *arguments: Any, **options: Any) -> None:
        if options.get("daemon"):
            raise RuntimeError("daemon threads are disabled in this (sub)interpreter")
        make(thread, *arguments, **options)

    monkeypatch.setattr(threading.Thread, "__init__", refuse)
