"""What a program can get wrong: an exception that names it, and nothing is sent."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import re
import weakref
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import flexcancel
from flexcancel import (
    ArgumentError,
    AsyncClient,
    Client,
    ClosedError,
    Code,
    ConfigError,
    Outbox,
    Outcome,
    Result,
    _arguments,
)
from flexcancel._library import native

from .sandbox import KEY, Sandbox

ROOT = Path(__file__).resolve().parents[3]

#: What a session's id is.
ID = r"^session_id: expected 1 to 255 characters of \[A-Za-z0-9_-\]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "api_key"),
        ({"api_key": KEY, "api_key_env": "X"}, "api_key"),
        ({"api_key": KEY, "timeout": 0}, "timeout: expected a number of seconds from 0.001 to 600"),
        ({"api_key": KEY, "timeout": -5}, "timeout: .* found -5"),
        ({"api_key": KEY, "timeout": 1e300}, "timeout: .* found 1e\\+300"),
        ({"api_key": KEY, "timeout": 1e308}, r"^timeout: .* to 600, found 1e\+308$"),
        ({"api_key": KEY, "timeout": -1e308}, r"^timeout: .* to 600, found -1e\+308$"),
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
        ({"session_id": ""}, Code.INVALID_SESSION_ID, f"{ID}, found 0 characters$"),
        ({"session_id": "x" * 256}, Code.INVALID_SESSION_ID, f"{ID}, found 256 characters$"),
        ({"session_id": "x" * 70_000}, Code.INVALID_SESSION_ID, f"{ID}, found 70000 characters$"),
        ({"session_id": "a/b"}, Code.INVALID_SESSION_ID, f"{ID}, found '/' at index 1$"),
        ({"session_id": "fcs_1\n"}, Code.INVALID_SESSION_ID, rf"{ID}, found '\\n' at index 5$"),
        (
            {"session_id": "fcs_1\0/cancel"},
            Code.INVALID_SESSION_ID,
            f"{ID}, found the NUL character at index 5$",
        ),
        ({"session_id": "é"}, Code.INVALID_SESSION_ID, rf"{ID}, found '\\xe9' at index 0$"),
        ({"session_id": "\ud800"}, Code.INVALID_SESSION_ID, rf"{ID}, found '\\ud800' at index 0$"),
        ({"session_id": 5}, Code.INVALID_SESSION_ID, "session_id: expected a str, found int$"),
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
            "asked_at: expected an aware datetime, .* found a naive datetime .without tzinfo.$",
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


def test_the_most_characters_of_a_session_s_id_are_those_of_the_library(
    sandbox: Sandbox, client: Client
) -> None:
    longest = "x" * _arguments.MAX_SESSION_ID
    assert client.retrieve(longest).code is Code.NOT_FOUND
    with client.cancel_many([longest, longest + "x", "a\0", "é", ""]) as run:
        results = list(run)
    assert [result.code for result in results] == [Code.NOT_FOUND] + [Code.INVALID_SESSION_ID] * 4
    for result in results[1:]:
        assert result.message.startswith(
            "session_id: expected 1 to 255 characters of [A-Za-z0-9_-]"
        )


def test_given_an_object_of_another_class_then_a_type_error_says_what_is_expected(
    client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "outbox.db"
    many = AsyncClient(client)
    wrong: list[tuple[Callable[[Any], object], Any, str]] = [
        (lambda it: Outbox(it, path), many, "AsyncClient; pass its client: Outbox(async_client."),
        (lambda it: Outbox(it, path), "till.db", "str"),
        (lambda it: Outbox(it, path), None, "NoneType"),
        (lambda it: Outbox(it, path), Client, "Client itself"),
        (lambda it: Outbox(str(path), it), client, "str; the client comes first: Outbox(client,"),  # type: ignore[arg-type]
        (AsyncClient, many, "AsyncClient; pass its client, or use it as it is"),
        (AsyncClient, "fsk_test_hunter2", "str"),
        (AsyncClient, None, "NoneType"),
    ]
    for make, given, found in wrong:
        expected = re.escape(f"client: expected a flexcancel.Client, found {found}")
        with pytest.raises(TypeError, match=f"^{expected}") as raised:
            make(given)
        assert "hunter2" not in str(raised.value)
    assert not path.exists()


def test_given_what_is_no_abort_token_then_nothing_is_sent(
    sandbox: Sandbox, client: Client, tmp_path: Path
) -> None:
    session_id = sandbox.held()
    many = AsyncClient(client)

    async def cancel(abort: Any) -> object:
        return await many.cancel(session_id, abort=abort)

    with Outbox(client, tmp_path / "outbox.db") as outbox:
        calls: list[Callable[[Any], object]] = [
            lambda abort: client.cancel(session_id, abort=abort),
            lambda abort: client.retrieve(session_id, abort=abort),
            lambda abort: client.warm_up(abort=abort),
            lambda abort: client.cancel_many([session_id], abort=abort),
            lambda abort: asyncio.run(cancel(abort)),
            lambda abort: outbox.cancel(session_id, abort=abort),
            lambda abort: outbox.flush(abort=abort),
        ]
        for call in calls:
            for given, found in (("stop", "str"), (client, "Client")):
                expected = f"^abort: expected a flexcancel.AbortToken, found {found}$"
                with pytest.raises(TypeError, match=expected):
                    call(given)
        assert outbox.stats().pending == 0
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("max_calls", "found"), [(0, "0"), (-1, "-1"), ("8", "str"), (True, "True")]
)
def test_given_a_number_of_calls_that_cannot_be_used_then_it_is_named(
    client: Client, max_calls: Any, found: str
) -> None:
    expected = f"^max_calls: expected a whole number from 1, found {found}$"
    with pytest.raises(ArgumentError, match=expected):
        AsyncClient(client, max_calls=max_calls)


def test_given_a_client_that_another_thread_closes_meanwhile_then_it_is_closed(
    client: Client,
) -> None:
    call = client._prepare(Result, native.client_warm_up, {})
    client.close()
    with pytest.raises(ClosedError, match=r"^client: it is closed$"):
        _arguments.checked(client._run(call, None), {})


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
        expected = r"the client is closed: its close\(\) was called, .*; make a new Client$"
        with pytest.raises(ClosedError, match=expected) as raised:
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
    assert re.findall(r"- ``(\w+)``: ", Client.__doc__ or "") == arguments


def test_the_constructors_say_of_each_argument_what_the_pages_say() -> None:
    def rows(page: str, heading: str) -> Iterator[tuple[str, str, str]]:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8").split(f"\n{heading}\n")[1]
        table = text.split("\n| key ")[1].split("\n\n")[0]
        for row in table.splitlines()[2:]:
            cells = [cell.strip() for cell in row.split("|")[1:]]
            yield cells[0].strip("`"), cells[2], cells[3]

    def seconds(milliseconds: str) -> str:
        return f"{int(milliseconds) / 1000:.15g}"

    pages: list[tuple[type, tuple[str, str, str]]] = [
        *((Client, row) for row in rows("CONFIGURATION.md", "## Configuration")),
        *((Outbox, row) for row in rows("OUTBOX.md", "Of opening:")),
    ]
    compared = 0
    for kind, (key, default, bounds) in pages:
        is_time = key.endswith("_ms")
        name = key.removesuffix("_ms")
        doc = " ".join((kind.__doc__ or "").split())
        said = re.findall(rf"- ``{name}``: (.*?)(?= - ``|$)", doc)[0]
        in_bounds = re.match(r"(\d+) to (\d+)$", bounds)
        if in_bounds is not None:
            least, most = (seconds(one) if is_time else one for one in in_bounds.groups())
            assert f"{least} to {most}" in said, name
            compared += 1
        number = re.match(r"\d+", default)
        if number is not None:
            expected = seconds(number[0]) if is_time else number[0]
            assert re.search(rf"\b{expected}\b", said), name
            compared += 1
    assert compared > 12
    text = " ".join((AsyncClient.__doc__ or "").split())
    parameters = inspect.signature(AsyncClient).parameters
    assert list(parameters) == re.findall(r"- ``(\w+)``: ", text)
    assert f"{parameters['max_calls'].default} if left out" in text


def test_the_version_is_that_of_the_library() -> None:
    assert flexcancel.__version__ == flexcancel.library_version()
