"""What a call comes to, with the sandbox's truth as the oracle."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from datetime import datetime, timezone

import pytest

import flexcancel
from flexcancel import AbortToken, Client, Code, Hold, Operation, Outbox, Outcome, Phase

from .sandbox import ALWAYS, KEY, Sandbox

NOBODY_S = "fcs_01M84AAN57SPQPWY4YDAGVJSFM"


def test_given_a_held_session_when_canceled_twice_then_it_is_voided_once(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    first = client.cancel(session_id)
    assert (first.outcome, first.code, first.hold) == (Outcome.CANCELED, Code.OK, Hold.RELEASED)
    assert first.is_voided
    assert first.session_id == session_id
    assert (first.http_status, first.retry_after, first.provider_error) == (200, None, None)
    second = client.cancel(session_id)
    assert second.outcome is Outcome.ALREADY_CANCELED
    assert second.is_voided
    truth = sandbox.ground_truth(session_id)
    assert (truth["hold"], len(truth["cancels_applied"])) == ("released", 1)


def test_given_a_captured_session_when_canceled_then_it_is_too_late(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    sandbox.capture(session_id)
    result = client.cancel(session_id)
    assert (result.outcome, result.code) == (Outcome.NOT_CANCELABLE, Code.NOT_CANCELABLE)
    assert client.retrieve(session_id).hold is Hold.CAPTURED
    with pytest.raises(flexcancel.NotCancelableError) as raised:
        result.raise_for_outcome()
    error = raised.value
    assert error.result is result
    assert (error.code, error.outcome) == (result.code, result.outcome)
    assert error.message == result.message
    assert sandbox.hold(session_id) == "captured"


def test_given_an_unknown_session_when_canceled_then_flex_s_words_are_kept(
    sandbox: Sandbox, client: Client
) -> None:
    result = client.cancel("fcs_01M84AAN57SPQPWY4YDAGVJSFM")
    assert (result.outcome, result.code) == (Outcome.NOT_APPLIED, Code.NOT_FOUND)
    assert result.provider_error is not None
    assert result.provider_error.code == "checkout_session_not_found"
    assert result.session is None
    with pytest.raises(flexcancel.NotAppliedError, match="not_applied/not_found"):
        result.raise_for_outcome()


def test_given_lost_answers_when_canceled_then_unknown_and_the_key_repeats_it(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    sandbox.fault("drop_answer", how="rst", times=ALWAYS)
    result = client.cancel(session_id, timeout=0.5)
    assert result.outcome is Outcome.UNKNOWN
    assert result.retryable
    with pytest.raises(flexcancel.UnknownOutcomeError):
        result.raise_for_outcome()
    sandbox.ask("DELETE", "/__sandbox/faults")
    assert result.repeat is not None
    raw = json.loads(result.json)["repeat"]
    assert result.repeat["asked_at"] * 1000 == raw.pop("asked_at_ms")
    assert result.repeat == {**raw, "asked_at": result.repeat["asked_at"]}
    assert result.repeat["idempotency_key"] == result.idempotency_key
    assert result.repeat["in_doubt"]
    again = client.cancel(session_id, **result.repeat)
    assert again.idempotency_key == result.idempotency_key
    assert again.is_voided
    assert again.repeat is None
    assert sandbox.hold(session_id) == "released"


def test_given_a_lost_answer_when_canceled_then_each_attempt_is_told(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    sandbox.fault("drop_answer", how="rst")
    result = client.cancel(session_id)
    assert result.outcome is Outcome.CANCELED
    sent, read = result.attempts[0], result.attempts[-1]
    assert (sent.operation, sent.reason, sent.phase) == (
        Operation.CANCEL,
        "first attempt",
        Phase.WAITING,
    )
    assert (sent.code, sent.http_status, sent.request_id) == (Code.CONNECTION_LOST, None, None)
    assert (read.operation, read.phase, read.code) == (Operation.RETRIEVE, Phase.COMPLETE, Code.OK)
    assert read.request_id is not None
    assert read.request_id.startswith("req_")


def test_given_a_held_session_when_retrieved_then_nothing_is_changed(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    result = client.retrieve(session_id)
    assert isinstance(result, flexcancel.Retrieval)
    assert (result.outcome, result.code, result.hold) == (Outcome.NOT_APPLIED, Code.OK, Hold.HELD)
    assert not hasattr(result, "repeat")
    assert result.session is not None
    assert result.session.checkout_session_id == session_id
    assert sandbox.hold(session_id) == "held"


def test_given_options_when_canceled_then_flex_gets_them(sandbox: Sandbox, client: Client) -> None:
    session_id = sandbox.held()
    result = client.cancel(
        session_id,
        expand=["payment_intent", "customer"],
        idempotency_key="till-4711",
        timeout=5,
        max_attempts=1,
    )
    assert result.idempotency_key == "till-4711"
    assert result.session is not None
    intent = result.session.payment_intent
    assert intent is not None
    assert intent.object is not None
    assert intent.object.status == "canceled"
    assert intent.id == intent.object.payment_intent_id


def test_given_a_call_that_sent_nothing_then_its_repeat_is_not_in_doubt(
    sandbox: Sandbox, client: Client
) -> None:
    abort = AbortToken()
    abort.trigger()
    session_id = sandbox.held()
    now = datetime.now(timezone.utc).replace(microsecond=123_000)
    first = client.cancel(session_id, asked_at=now, abort=abort)
    assert first.repeat is not None
    assert first.repeat == {
        "idempotency_key": first.idempotency_key,
        "in_doubt": False,
        "asked_at": now.timestamp(),
    }
    assert client.cancel(session_id, asked_at=now.timestamp(), abort=abort).repeat is not None
    first.repeat["in_doubt"] = True
    assert not first.repeat["in_doubt"], "each is the caller's own"
    twin = pickle.loads(pickle.dumps(first))
    assert (twin.repeat, twin) == (first.repeat, first)
    result = client.cancel(session_id, **first.repeat, verify=True)
    assert (result.outcome, result.idempotency_key) == (Outcome.CANCELED, first.idempotency_key)


def test_given_a_triggered_token_when_canceled_then_nothing_is_sent(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    abort = AbortToken()
    assert not abort.is_triggered
    abort.trigger()
    abort.trigger()
    assert abort.is_triggered
    result = client.cancel(session_id, abort=abort)
    assert (result.outcome, result.code) == (Outcome.NOT_APPLIED, Code.ABORTED)
    assert sandbox.requests() == []
    assert sandbox.hold(session_id) == "held"


def test_given_a_result_then_it_is_frozen_and_can_be_copied_and_pickled(
    sandbox: Sandbox, client: Client
) -> None:
    result = client.cancel(sandbox.held())
    assert result.session is not None
    for twin in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert twin == result
        assert hash(twin) == hash(result)
        assert twin.attempts == result.attempts
        assert twin.session == result.session
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.outcome = Outcome.UNKNOWN  # type: ignore[misc]
    with pytest.raises(AttributeError, match="has no attribute 'outcom'"):
        result.outcom  # type: ignore[attr-defined] # noqa: B018
    assert dataclasses.asdict(client.cancel(sandbox.held()))["hold"] == "released"
    assert json.loads(result.json)["outcome"] == "canceled"


def test_given_a_result_of_a_newer_library_then_words_are_kept_and_nothing_is_asserted() -> None:
    text = (
        '{"outcome":"partly_canceled","code":"new_code","hold":"new_hold","message":"m",'
        '"advice":"a","retryable":false,"session_id":null,"idempotency_key":null,"elapsed_ms":1,'
        '"http_status":null,"retry_after_ms":1500,"provider_error":null,"new_field":{"a":1},'
        '"attempts":[],"checkout_session":{"a":0,"checkout_session":1},"newer_field":2}'
    )
    result = flexcancel.Cancellation.from_json(text)
    assert result.outcome is Outcome.UNKNOWN
    assert (result.code, result.code.is_documented) == ("new_code", False)
    assert result.hold == "new_hold"
    assert (result.elapsed, result.retry_after) == (0.001, 1.5)
    assert result.session is not None
    assert result.session.other == {"a": 0, "checkout_session": 1}


def test_given_another_host_for_the_key_then_no_text_of_the_client_shows_it(
    sandbox: Sandbox,
) -> None:
    client = Client(KEY, base_url=sandbox.url)
    assert "hunter" not in repr(client)
    assert "hunter" not in client.cancel(sandbox.held()).json
    client.close()
    assert repr(client) == "<flexcancel.Client (closed)>"


def test_given_a_warm_up_when_canceled_then_its_connection_is_the_one_used(
    sandbox: Sandbox, client: Client
) -> None:
    client.warm_up(timeout=5)
    first, second = sandbox.held(), sandbox.held()
    client.cancel(first)
    client.warm_up()
    client.cancel(second)
    requests = sandbox.ask("GET", "/__sandbox/requests")["requests"]
    assert len({request["connection"] for request in requests}) == 2
    with pytest.raises(flexcancel.ArgumentError, match="timeout: expected a number of seconds"):
        client.warm_up(timeout=0)


def test_given_no_connection_when_warmed_up_then_the_error_says_why(
    sandbox: Sandbox, client: Client
) -> None:
    with sandbox.outage(), pytest.raises(flexcancel.WarmUpError, match=r"^connect: ") as raised:
        client.warm_up(timeout=0.3)
    assert raised.value.code is Code.CONNECT
    abort = AbortToken()
    abort.trigger()
    with pytest.raises(flexcancel.WarmUpError) as raised:
        client.warm_up(abort=abort)
    assert raised.value.code is Code.ABORTED


def test_given_a_result_when_asked_whether_it_is_true_then_it_says_what_to_ask(
    client: Client, outbox: Outbox
) -> None:
    for result, question in (
        (client.cancel(NOBODY_S), "ask result.is_voided, or compare result.outcome"),
        (client.retrieve(NOBODY_S), "compare result.outcome or result.hold"),
        (outbox.flush(), "compare report.code"),
    ):
        with pytest.raises(TypeError, match=f"neither true nor false: {question}"):
            bool(result)
