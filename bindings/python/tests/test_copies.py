"""What may be copied, or sent to another process, and what may not."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import flexcancel
from flexcancel import AbortToken, AsyncClient, Cancellation, Client, Code, Outbox, Outcome
from flexcancel.session import SessionFieldError
from flexcancel.testing import SandboxError

from .sandbox import KEY, Sandbox

NOBODY_S = "fcs_01M84AAN57SPQPWY4YDAGVJSFM"

in_each_way = pytest.mark.parametrize(
    "way",
    [copy.copy, copy.deepcopy, pickle.dumps, lambda it: pickle.dumps(it, protocol=0)],
    ids=["copy", "deepcopy", "pickle", "pickle of protocol 0"],
)


@in_each_way
def test_given_what_owns_a_handle_then_it_cannot_be_copied_or_pickled(
    client: Client, outbox: Outbox, way: Callable[[Any], Any]
) -> None:
    run = client.cancel_many([])
    for owner in (client, outbox, AbortToken(), AsyncClient(client), run):
        name = type(owner).__name__
        with pytest.raises(TypeError, match=f"cannot pickle or copy a flexcancel.{name}: it bel"):
            way(owner)


def spawned() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


def cancel_with(client: Client, session_id: str) -> Cancellation:
    return client.cancel(session_id)


def test_given_a_client_for_a_spawned_worker_then_nothing_is_sent(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    with spawned() as pool, pytest.raises(TypeError, match="cannot pickle or copy a"):
        pool.submit(cancel_with, client, session_id).result(timeout=60)
    assert sandbox.hold(session_id) == "held"


def canceled_in_worker(url: str, session_id: str, is_to_raise: bool) -> Cancellation:
    with Client(KEY, base_url=url) as client:
        result = client.cancel(session_id)
        if is_to_raise:
            result.raise_for_outcome()
        return result


def refused_in_worker(url: str) -> None:
    with Client(KEY, base_url=url) as client:
        client.cancel("fcs_1", idempotency_key="k", timeout=601)


def test_given_a_spawned_worker_then_its_results_and_exceptions_come_back_whole(
    sandbox: Sandbox,
) -> None:
    session_id = sandbox.held()
    with spawned() as pool:
        result = pool.submit(canceled_in_worker, sandbox.url, session_id, True).result(timeout=60)
        not_applied = pool.submit(canceled_in_worker, sandbox.url, NOBODY_S, True).exception(60)
        refused = pool.submit(refused_in_worker, sandbox.url).exception(60)
    assert result.is_voided
    assert result.session is not None
    assert result.session.checkout_session_id == session_id
    assert isinstance(not_applied, flexcancel.NotAppliedError)
    assert (not_applied.result.code, not_applied.result.is_voided) == (Code.NOT_FOUND, False)
    assert isinstance(refused, flexcancel.ArgumentError)
    assert (refused.code, refused.outcome) == (Code.INVALID_ARGUMENT, Outcome.UNKNOWN)
    assert refused.message == str(refused)
    assert refused.message.startswith("timeout: expected a number of seconds from")


def raised(call: Callable[..., Any], *arguments: Any, **options: Any) -> BaseException:
    with pytest.raises(flexcancel.FlexcancelError) as found:
        call(*arguments, **options)
    return found.value


@pytest.mark.parametrize(
    "way", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))]
)
def test_given_an_exception_of_each_kind_then_its_copy_has_every_attribute(
    sandbox: Sandbox, client: Client, outbox: Outbox, way: Callable[[Any], Any]
) -> None:
    result = client.cancel(NOBODY_S)
    refused = raised(client.cancel, "a/b")
    refused.till = "4"  # type: ignore[attr-defined]
    errors = [
        refused,
        raised(client.cancel, "a\0b"),
        raised(Client, KEY, timeout=0),
        raised(outbox.acknowledge, 7),
        raised(result.raise_for_outcome),
        flexcancel.UnknownOutcomeError(result),
        flexcancel.NotCancelableError(result),
        flexcancel.InterruptedCallError(result),
        flexcancel.LibraryError("no library"),
        SandboxError("flex-sandbox is not on PATH"),
        raised(client.cancel_many, [], journal="/nonexistent/journal"),
        SessionFieldError("status: expected a string, found an integer"),
    ]
    with sandbox.outage():
        errors.append(raised(client.warm_up, timeout=0.3))
    client.close()
    errors.append(raised(client.cancel, "fcs_1", idempotency_key="k"))
    assert {type(error) for error in errors} == kinds(flexcancel.FlexcancelError)
    for error in errors:
        twin = way(error)
        assert type(twin) is type(error)
        assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))
        assert getattr(twin, "msg", None) == getattr(error, "msg", None)


def kinds(base: type) -> set[type]:
    """The exceptions that are raised: those that are no base of others."""
    below: list[type] = base.__subclasses__()
    return set().union(*map(kinds, below)) if below else {base}
