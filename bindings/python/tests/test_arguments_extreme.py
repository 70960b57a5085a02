"""Arguments that JSON or C cannot express: the exception names them, and nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest

from flexcancel import ArgumentError, AsyncClient, BulkItem, Client, Code, ConfigError, Outbox

from .sandbox import KEY, Sandbox

SECONDS = "expected a number of seconds from 0.001 to 600, found"
NAMES = "expand: expected a list of names, found"
LONG = "a number of more than 30 digits"

#: Numbers that have no milliseconds, no digits, or no place in JSON, and how they are shown.
HUGE = [
    (1e308, "1e+308"),
    (-1e308, "-1e+308"),
    (10**400, LONG),
    (-(10**5000), LONG),
]


def calls(client: Client, outbox: Outbox, session_id: str) -> list[Callable[..., object]]:
    """Every call that takes options like those of a cancel."""

    async def cancel(**options: Any) -> object:
        return await AsyncClient(client).cancel(session_id, **options)

    return [
        lambda **options: client.cancel(session_id, **options),
        lambda **options: client.cancel_many([session_id], **options),
        lambda **options: outbox.cancel(session_id, **options),
        lambda **options: asyncio.run(cancel(**options)),
    ]


def refused(call: Callable[..., object], message: str, **options: Any) -> None:
    with pytest.raises(ArgumentError) as raised:
        call(**options)
    assert (raised.value.code, str(raised.value)) == (Code.INVALID_ARGUMENT, message)


@pytest.mark.parametrize(("number", "found"), HUGE, ids=range(len(HUGE)))
def test_given_a_huge_time_then_the_error_names_it_and_its_bounds(
    sandbox: Sandbox, client: Client, outbox: Outbox, number: float, found: str
) -> None:
    session_id = sandbox.held()
    since_1970 = f"asked_at: expected a number of seconds from 0 to 253402300799.999, found {found}"
    for call in calls(client, outbox, session_id):
        refused(call, f"timeout: {SECONDS} {found}", timeout=number)
        refused(call, since_1970, asked_at=number)
    refused(client.warm_up, f"timeout: {SECONDS} {found}", timeout=number)
    with pytest.raises(ArgumentError, match=r"^timeout: "):
        client.retrieve(session_id, timeout=number)
    with pytest.raises(ConfigError, match=r"^timeout: expected a number of seconds from 0.001 to"):
        Client(KEY, timeout=number)
    assert (sandbox.requests(), sandbox.hold(session_id)) == ([], "held")


def test_given_a_huge_whole_number_then_it_is_named(client: Client, outbox: Outbox) -> None:
    for name, number in (("max_attempts", 10**400), ("rate", 10**5000), ("concurrency", 10**30)):
        expected = f"{name}: expected a plain value, found {LONG}"
        refused(lambda **it: client.cancel_many([], **it), expected, **{name: number})


def test_given_a_time_zone_without_an_offset_then_the_time_is_naive(client: Client) -> None:
    class Nowhere(tzinfo):
        def utcoffset(self, _: object) -> None:
            return None

        dst = utcoffset
        tzname = utcoffset

    with pytest.raises(ArgumentError, match=r"^asked_at: .* found a naive datetime"):
        client.cancel("fcs_1", asked_at=datetime(1, 1, 1, tzinfo=Nowhere()))


@pytest.mark.parametrize("text", ["\ud800", "till-\udcff", "\ud83d\ude00"])
def test_given_a_text_that_is_no_unicode_then_the_error_names_its_argument(
    sandbox: Sandbox, client: Client, outbox: Outbox, tmp_path: Path, text: str
) -> None:
    session_id = sandbox.held()
    for call in calls(client, outbox, session_id):
        refused(call, "expand: expected UTF-8", expand=["payment_intent", text])
    keyed = (client.cancel, outbox.cancel, outbox.enqueue)
    for keep in keyed:
        refused(
            keep, "idempotency_key: expected UTF-8", session_id=session_id, idempotency_key=text
        )
    for path in (f"{tmp_path}/{text}", tmp_path / text):
        refused(lambda **it: client.cancel_many([], **it), "journal: expected UTF-8", journal=path)
        refused(lambda **it: Outbox(client, **it), "path: expected UTF-8", path=path)
    with pytest.raises(ConfigError, match=r"^base_url: expected UTF-8$"):
        Client(KEY, base_url=text)
    with pytest.raises(ConfigError, match=r"^api_key: expected UTF-8$"):
        Client(KEY + text)
    assert (sandbox.requests(), sandbox.hold(session_id)) == ([], "held")
    assert outbox.list() == ()


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_given_what_is_no_number_then_the_error_names_its_argument(
    sandbox: Sandbox, client: Client, outbox: Outbox, number: str
) -> None:
    session_id = sandbox.held()
    for name in ("idempotency_key", "in_doubt", "verify", "max_attempts"):
        expected = f"{name}: expected a plain value, found {number}"
        refused(client.cancel, expected, session_id=session_id, **{name: float(number)})
    expected = f"rate: expected a plain value, found {number}"
    refused(client.cancel_many, expected, items=[session_id], rate=float(number))
    with pytest.raises(ConfigError, match=rf"^rate_per_second: .* value, found {number}$"):
        Client(KEY, rate_per_second=float(number))  # type: ignore[arg-type]
    assert (sandbox.requests(), sandbox.hold(session_id)) == ([], "held")


@pytest.mark.parametrize(
    ("given", "found"),
    [(0, "int"), (False, "bool"), ("", "one text"), (b"", "one text"), (0.0, "float")],
)
def test_given_an_empty_value_for_a_list_then_it_is_refused_like_any_other(
    sandbox: Sandbox, client: Client, outbox: Outbox, given: Any, found: str
) -> None:
    session_id = sandbox.held()
    for call in calls(client, outbox, session_id):
        refused(call, f"{NAMES} {found}", expand=given)
    refused(client.retrieve, f"{NAMES} {found}", session_id=session_id, expand=given)
    refused(BulkItem, f"{NAMES} {found}", session_id=session_id, expand=given)
    assert (sandbox.requests(), sandbox.hold(session_id)) == ([], "held")
    nothing: list[Any] = [(), [], iter(()), None]
    for empty in nothing:
        assert client.retrieve(session_id, expand=empty).code is Code.OK
    client.retrieve(session_id)
    assert len({one["target"] for one in sandbox.requests()}) == 1, "nothing more is expanded"
