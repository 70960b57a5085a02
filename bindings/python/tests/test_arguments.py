"""What a program can get wrong: an exception that names it, and nothing is sent."""

from __future__ import annotations

import gc
import inspect
import os
import re
import weakref
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import flexcancel
from flexcancel import ArgumentError, Client, ClosedError, Code, ConfigError, Outcome

from .sandbox import KEY, Sandbox

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "api_key"),
        ({"api_key": KEY, "api_key_env": "X"}, "api_key"),
        ({"api_key": KEY, "timeout": 0}, "timeout: expected a number of seconds from 0.001 to 600"),
        ({"api_key": KEY, "timeout": -5}, "timeout: .* found -5"),
        ({"api_key": KEY, "timeout": 1e300}, "timeout: .* found 1e\\+300"),
        ({"api_key": KEY, "timeout": "1"}, "timeout: expected a number of seconds, found str"),
        ({"api_key": KEY, "timeout": True}, "timeout: expected a number of seconds, found bool"),
        ({"api_key": KEY, "timeout": float("nan")}, "timeout: .* found nan"),
        ({"api_key": KEY, "connect_timeout": float("inf")}, "connect_timeout: .* found inf"),
        ({"api_key": KEY, "max_idle": 601}, "max_idle: expected a number of seconds from 0 to 600"),
        ({"api_key": KEY, "dns_ttl": 3601}, "dns_ttl: expected a number of seconds from 0 to 3600"),
        ({"api_key": KEY, "max_attempts": 11}, "max_attempts: expected a whole number from 1 to"),
        ({"api_key": KEY, "verify": "yes"}, "verify: expected"),
        ({"api_key": KEY, "base_url": 5}, "base_url: expected a string, found 5"),
        ({"api_key": KEY, "base_url": "ftp://x"}, "base_url"),
        ({"api_key": KEY, "base_url": object()}, "base_url: expected a plain value, found object"),
        ({"api_key": KEY.encode()}, "api_key: expected a plain value, found bytes"),
        ({"api_key": KEY + "\0"}, "api_key"),
        ({"api_key": KEY, "mode": "live"}, "mode"),
        ({"api_key": KEY, "trust": "nobody"}, 'trust: expected one of: "system", "bundled"'),
        ({"api_key_file": Path("/nonexistent/key")}, "api_key_file"),
    ],
)
def test_given_a_configuration_that_cannot_be_used_then_the_error_names_the_argument(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        Client(**arguments)
    assert isinstance(raised.value, ValueError)
    assert (raised.value.outcome, raised.value.code) == (Outcome.NOT_APPLIED, Code.INVALID_CONFIG)
    assert "hunter" not in str(raised.value)
    assert "_ms" not in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ({"session_id": ""}, Code.INVALID_SESSION_ID, "session_id"),
        ({"session_id": "a/b"}, Code.INVALID_SESSION_ID, "session_id"),
        ({"session_id": "fcs_1\0/cancel"}, Code.INVALID_SESSION_ID, "session_id: .* NUL"),
        ({"session_id": "\ud800"}, Code.INVALID_SESSION_ID, "session_id: expected UTF-8"),
        ({"session_id": None}, Code.INVALID_SESSION_ID, "session_id: expected a str, found None"),
        ({"session_id": b"fcs_1"}, Code.INVALID_SESSION_ID, "session_id: expected a str"),
        ({"timeout": 0}, Code.INVALID_ARGUMENT, "timeout: .* from 0.001 to 600, found 0"),
        ({"timeout": "1"}, Code.INVALID_ARGUMENT, "timeout: expected a number of seconds"),
        ({"expand": "customer"}, Code.INVALID_ARGUMENT, "expand: expected a list of names"),
        ({"expand": [1]}, Code.INVALID_ARGUMENT, "expand: expected a list of strings"),
        ({"expand": [b"x"]}, Code.INVALID_ARGUMENT, "expand: expected a list of names"),
        ({"expand": ["a,b"]}, Code.INVALID_ARGUMENT, "expand"),
        ({"max_attempts": 0}, Code.INVALID_ARGUMENT, "max_attempts: .* found 0"),
        ({"idempotency_key": ""}, Code.INVALID_ARGUMENT, "idempotency_key"),
        ({"in_doubt": True}, Code.INVALID_ARGUMENT, "in_doubt: expected together with"),
        ({"in_doubt": "yes"}, Code.INVALID_ARGUMENT, "in_doubt: expected"),
        ({"asked_at": -1}, Code.INVALID_ARGUMENT, "asked_at: .* from 0 to .* found -1"),
        ({"asked_at": "now"}, Code.INVALID_ARGUMENT, "asked_at: .* since 1970, found str"),
        (
            {"asked_at": datetime(2026, 1, 1)},
            Code.INVALID_ARGUMENT,
            "asked_at: expected an aware datetime, .* found datetime",
        ),
        ({"verify": 1}, Code.INVALID_ARGUMENT, "verify: expected"),
        ({"idempotency_key": b"x"}, Code.INVALID_ARGUMENT, "idempotency_key: .* found bytes"),
    ],
)
def test_given_an_argument_that_cannot_be_used_then_it_is_named_and_nothing_is_sent(
    sandbox: Sandbox, client: Client, arguments: dict[str, Any], code: Code, message: str
) -> None:
    session_id = sandbox.held()
    with pytest.raises(ArgumentError, match=message) as raised:
        client.cancel(**{"session_id": session_id, **arguments})
    assert raised.value.code is code
    assert sandbox.requests() == []
    assert sandbox.hold(session_id) == "held"


def test_given_a_time_below_the_least_then_it_is_the_least_and_not_nothing(
    sandbox: Sandbox, client: Client
) -> None:
    result = client.cancel(sandbox.held(), timeout=0.0001)
    assert result.code in (Code.OK, Code.TIMEOUT)


def test_given_a_json_configuration_then_its_own_keys_are_named(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigError, match="timeout_ms: expected a whole number") as raised:
        Client.from_json('{"api_key":"fsk_test_hunter2","timeout_ms":0}')
    assert raised.value.result is not None
    assert raised.value.outcome is Outcome.NOT_APPLIED
    for text in ("", "[]", '{"api_key":"fsk_test_hunter2"}\0,', "\ud800"):
        with pytest.raises(ConfigError):
            Client.from_json(text)
    with pytest.raises(ConfigError, match="expected a str, found bytes"):
        Client.from_json(b"{}")  # type: ignore[arg-type]
    config = f'{{"api_key":"{KEY}","base_url":"{sandbox.url}"}}'
    with Client.from_json(config) as client:
        assert client.cancel(sandbox.held()).is_voided


def test_given_a_closed_client_when_called_then_it_says_so(sandbox: Sandbox) -> None:
    session_id = sandbox.held()
    with Client(KEY, base_url=sandbox.url) as client:
        assert not client.is_closed
    client.close()
    assert client.is_closed
    for call in (client.cancel, client.retrieve):
        with pytest.raises(ClosedError, match="closed") as raised:
            call(session_id)
        assert raised.value.code is Code.INVALID_HANDLE
    assert sandbox.requests() == []


def test_given_a_forgotten_client_when_collected_then_its_connections_are_closed(
    sandbox: Sandbox,
) -> None:
    session_id = sandbox.held()
    before = len(os.listdir("/proc/self/fd"))
    client = Client(KEY, base_url=sandbox.url)
    client.retrieve(session_id)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None
    assert len(os.listdir("/proc/self/fd")) == before


def test_every_key_of_the_page_is_an_argument_in_the_same_order() -> None:
    page = (ROOT / "docs" / "CONFIGURATION.md").read_text(encoding="utf-8")
    configuration = page.split("\n## Configuration\n")[1].split("\n## ")[0]
    keys = [key.removesuffix("_ms") for key in re.findall(r"^\| `(\w+)` \|", configuration, re.M)]
    assert keys[0] == "api_key"
    arguments = list(inspect.signature(Client).parameters)
    assert arguments == [*keys, "interruptible"]


def test_the_version_is_that_of_the_library() -> None:
    assert flexcancel.__version__ == flexcancel.library_version()
