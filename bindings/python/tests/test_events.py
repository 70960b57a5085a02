"""The events of the library, in ``logging``."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from flexcancel import Client, _events

from . import script
from .sandbox import Sandbox


def test_given_a_listener_then_attempts_and_result_are_logged_with_their_levels(
    sandbox: Sandbox, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "flexcancel")
    session_id = sandbox.held()
    sandbox.fault("drop_answer", how="rst")
    client.cancel(session_id)
    levels = [record.levelname for record in caplog.records]
    assert levels[0] == "WARNING"
    assert levels[-1] == "INFO"
    assert "DEBUG" in levels
    first, last = caplog.records[0], caplog.records[-1]
    assert first.getMessage().startswith(f"{session_id}: cancel attempt: waiting, connection_lost")
    assert last.getMessage().startswith(f"{session_id}: canceled/ok, hold released: ")
    assert last.__dict__["flexcancel"]["event"] == "result"
    assert "hunter" not in caplog.text


def test_given_a_level_then_what_is_below_it_is_not_logged(
    sandbox: Sandbox, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "flexcancel")
    client.cancel(sandbox.held())
    assert caplog.records == []
    client.cancel("fcs_01M84AAN57SPQPWY4YDAGVJSFM")
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_given_that_nobody_listens_any_more_then_no_event_is_made(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched = []
    subscribe = _events.subscribe

    def record(client: int, on: bool) -> None:
        switched.append(on)
        subscribe(client, on)

    monkeypatch.setattr(_events, "subscribe", record)
    for is_wanted in (False, True, True, False):
        monkeypatch.setattr(_events, "wanted", lambda is_wanted=is_wanted: is_wanted)
        client.retrieve(sandbox.held())
    assert switched == [True, False]


def test_given_no_configuration_of_logging_then_nothing_is_printed(sandbox: Sandbox) -> None:
    code = """
        import sys
        from flexcancel import Client
        with Client("fsk_test_hunter2", base_url=sys.argv[1]) as client:
            print(client.cancel("fcs_01M84AAN57SPQPWY4YDAGVJSFM").code)
    """
    assert script.run(code, sandbox.url) == (0, "not_found\n", "")


def test_given_a_filter_that_raises_then_the_call_goes_on(
    sandbox: Sandbox, client: Client, caplog: pytest.LogCaptureFixture, capsys: object
) -> None:
    caplog.set_level(logging.DEBUG, "flexcancel")

    def refuse(record: logging.LogRecord) -> bool:
        raise ZeroDivisionError

    _events.logger.addFilter(refuse)
    try:
        assert client.cancel(sandbox.held()).is_voided
    finally:
        _events.logger.removeFilter(refuse)


def test_given_a_handler_that_calls_the_client_then_it_may(
    sandbox: Sandbox, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flexcancel")
    session_id, other = sandbox.held(), sandbox.held()
    found: list[Any] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not found:
                found.append(None)
                found.append(client.cancel(other))

    handler = Handler()
    _events.logger.addHandler(handler)
    try:
        assert client.cancel(session_id).is_voided
    finally:
        _events.logger.removeHandler(handler)
    assert found[1] is not None
    assert {sandbox.hold(session_id), sandbox.hold(other)} == {"released"}
