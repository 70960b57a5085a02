"""How a bulk run ends early."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time

import pytest

from flexcancel import (
    AbortToken,
    Client,
    ClosedError,
    Code,
    FlexcancelError,
    InterruptedCallError,
    Outcome,
    _events,
)

from . import script
from .bulk_kit import cancels, ended, threads, wait_until
from .sandbox import KEY, Sandbox


@pytest.mark.parametrize("way", ["close", "with", "forgotten", "raised"])
def test_given_a_loop_that_is_left_then_the_run_is_aborted_and_waited_for(
    sandbox: Sandbox, client: Client, way: str
) -> None:
    quick, stalled = sandbox.held(), [sandbox.held() for _ in range(60)]
    run = client.cancel_many([quick, *stalled], concurrency=4, timeout=60)
    for result in run:
        assert result.session_id == quick
        sandbox.stall()
        break
    started = time.monotonic()
    summary = None
    if way == "close":
        run.close()
        run.close()
        summary = run.summary
        assert list(run) == []
    elif way == "with":
        with run:
            pass
        summary = run.summary
    elif way == "forgotten":
        del run
        gc.collect()
    else:
        with pytest.raises(ZeroDivisionError), run:
            raise ZeroDivisionError
    assert threads() == []
    assert time.monotonic() - started < 5
    # No more than the window of the run.
    assert len(sandbox.requests()) <= 4 * 4 + 4
    if summary is not None:
        assert (summary.code, summary.complete) == (Code.ABORTED, False)
        assert summary.items < 61


def test_given_a_break_from_a_run_without_a_name_then_no_thread_is_left(
    sandbox: Sandbox, client: Client
) -> None:
    ids = [sandbox.held() for _ in range(50)]
    for result in client.cancel_many(ids, concurrency=2):
        assert result.is_voided
        break
    gc.collect()
    assert threads() == []
    assert cancels(sandbox) < 50


def test_given_a_token_when_triggered_then_the_results_of_what_was_in_flight_still_come(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.stall()
    ids = [sandbox.held() for _ in range(9)]
    abort = AbortToken()

    def trigger() -> None:
        sandbox.wait_for_requests(3)
        abort.trigger()

    run = client.cancel_many(ids, concurrency=3, timeout=60, abort=abort)
    helper = threading.Thread(target=trigger)
    helper.start()
    results = list(run)
    helper.join()
    assert [(one.outcome, one.code) for one in results] == [(Outcome.UNKNOWN, Code.ABORTED)] * 3
    assert (ended(run).code, ended(run).complete, len(sandbox.requests())) == (
        Code.ABORTED,
        False,
        3,
    )
    run = client.cancel_many(ids, abort=abort)
    assert list(run) == []
    assert ended(run).items == 0
    assert abort._linked == set()


def test_given_a_closed_client_then_it_is_said_and_one_that_is_forgotten_is_kept(
    sandbox: Sandbox,
) -> None:
    ids = [sandbox.held() for _ in range(20)]
    run = Client(KEY, base_url=sandbox.url).cancel_many(ids, concurrency=2)
    gc.collect()
    assert {one.outcome for one in run} == {Outcome.CANCELED}
    client = Client(KEY, base_url=sandbox.url)
    client.close()
    with pytest.raises(ClosedError):
        client.cancel_many(ids)


@pytest.mark.usefixtures("no_daemon_threads")
def test_given_no_daemon_threads_then_the_run_is_made_all_the_same(
    sandbox: Sandbox, client: Client
) -> None:
    assert [one.is_voided for one in client.cancel_many([sandbox.held()])] == [True]


def test_given_a_forked_child_then_the_run_goes_on_in_the_parent(
    sandbox: Sandbox, client: Client
) -> None:
    ids = [sandbox.held() for _ in range(10)]
    run = client.cancel_many(ids, concurrency=2)
    assert next(run).is_voided
    child = os.fork()
    if child == 0:
        try:
            list(run)
        except FlexcancelError as error:
            os._exit(17 if "parent of this forked process" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 17
    assert len(list(run)) == 9


def test_given_a_forked_child_then_no_result_that_is_there_already_is_handed_out_twice(
    sandbox: Sandbox, client: Client
) -> None:
    ids = [sandbox.held() for _ in range(6)]
    # All others wait for the first one.
    sandbox.fault("delay", ms=500)
    run = client.cancel_many(ids)
    assert next(run).is_voided
    wait_until(lambda: len(run._call.results) == 5)
    child = os.fork()
    if child == 0:
        exit_code = 1
        for _ in range(2):
            try:
                next(run)
                exit_code = 2
            except FlexcancelError as error:
                is_said = str(error).startswith("a run belongs to its process: ")
                exit_code = 17 if is_said and exit_code != 2 else 2
        os._exit(exit_code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 17
    assert [one.session_id for one in run] == ids[1:]
    assert ended(run).complete
    assert [sandbox.hold(one) for one in ids] == ["released"] * 6


INTERRUPTED = """
    import sys
    from flexcancel import Client
    url, *ids = sys.argv[1:]
    client = Client("fsk_test_hunter2", base_url=url, timeout=60)
    run = client.cancel_many(ids, concurrency=2)
    try:
        for result in run:
            pass
    except KeyboardInterrupt as interruption:
        assert interruption.__cause__.result is run.summary
        print(run.summary.code, run.summary.unknown)
        print(*((one.number, str(one.outcome)) for one in run))
"""


def test_given_ctrl_c_then_the_run_is_aborted_and_what_was_in_flight_is_told(
    sandbox: Sandbox,
) -> None:
    sandbox.stall()
    program = script.start(INTERRUPTED, sandbox.url, *(sandbox.held() for _ in range(5)))
    sandbox.wait_for_requests(2)
    program.send_signal(signal.SIGINT)
    output, complaints = program.communicate(timeout=30)
    assert (program.returncode, complaints) == (0, "")
    assert output == "aborted 2\n(0, 'unknown') (1, 'unknown')\n"


LEFT_OPEN = """
    import logging, sys
    from flexcancel import Client
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
    url, where, *ids = sys.argv[1:]
    def stalled():
        yield from ids[:4]
        if where == "input":
            print("left")
            sys.exit(0)
        yield from ids[4:]
    client = Client("fsk_test_hunter2", base_url=url, timeout=60)
    run = client.cancel_many(stalled(), concurrency=8)
    if where == "started":
        sys.exit(0)
    next(run)
"""


@pytest.mark.parametrize("where", ["started", "input"])
def test_given_a_run_that_is_left_open_then_the_interpreter_ends(
    sandbox: Sandbox, where: str
) -> None:
    sandbox.stall()
    ids = [sandbox.held() for _ in range(8)]
    started = time.monotonic()
    exit_code, output, complaints = script.run(LEFT_OPEN, sandbox.url, where, *ids)
    assert (exit_code, complaints) == (0, "")
    assert ("left" in output) is (where == "input")
    assert time.monotonic() - started < 20


IN_FLIGHT_AT_EXIT = """
    import sys, threading, urllib.request
    from flexcancel import Client
    url, *ids = sys.argv[1:]
    client = Client("fsk_test_hunter2", base_url=url, timeout=60)
    def consume():
        for result in client.cancel_many(ids, concurrency=8):
            pass
    threading.Thread(target=consume, daemon=True).start()
    sys.stdin.readline()
"""


def test_given_a_daemon_thread_that_iterates_then_the_interpreter_ends(sandbox: Sandbox) -> None:
    sandbox.stall()
    program = script.start(IN_FLIGHT_AT_EXIT, sandbox.url, *(sandbox.held() for _ in range(8)))
    sandbox.wait_for_requests(8)
    output, complaints = program.communicate("go on\n", timeout=20)
    assert (program.returncode, output, complaints) == (0, "", "")


def test_given_a_run_that_is_forgotten_without_its_finalizer_then_its_thread_ends(
    sandbox: Sandbox, client: Client
) -> None:
    # As where a signal handler raises in the finalizer.
    run = client.cancel_many([sandbox.held()])
    run._close.detach()
    assert threads() != []
    del run
    gc.collect()
    wait_until(lambda: threads() == [])


class Alarm(Exception):
    pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_given_a_signal_at_any_moment_of_a_run_then_it_ends_and_no_thread_is_left(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Before Python 3.13, an exception in the midst of logging may leave its lock locked.
    monkeypatch.setattr(_events, "wanted", lambda: False)
    ids = [sandbox.held() for _ in range(20)]
    interrupted, is_on = 0, False
    alone = len(os.listdir("/proc/self/task"))

    def ring(number: int, frame: object) -> None:
        if is_on:
            raise Alarm

    kept = signal.signal(signal.SIGALRM, ring)
    try:
        for count in range(200):
            is_on = True
            try:
                signal.setitimer(signal.ITIMER_REAL, (1 + count % 50) / 5_000, 0.05)
                for _ in client.cancel_many(ids, concurrency=4, dry_run=True):
                    pass
                while True:
                    time.sleep(1)
            except Alarm as alarm:
                is_on = False
                signal.setitimer(signal.ITIMER_REAL, 0)
                interrupted += InterruptedCallError.of(alarm) is not None
            gc.collect()
            # Of the system's: where the start of a thread is interrupted, Python lists one that
            # it does not have.
            wait_until(lambda: len(os.listdir("/proc/self/task")) == alone)
    finally:
        is_on = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)
    assert interrupted > 0
