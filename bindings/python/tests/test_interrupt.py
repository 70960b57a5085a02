"""Ctrl-C, and whatever else a signal handler raises, ends the call; what is known is not lost."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time

import pytest

from flexcancel import (
    AbortToken,
    Cancellation,
    Client,
    Code,
    InterruptedCallError,
    Outcome,
    _events,
    _native_call,
)

from . import script
from .sandbox import KEY, Sandbox

#: What is promised, and what even a machine that is busy otherwise must keep.
PROMISED_MS, AT_MOST_MS, TRIES = 200, 5_000, 5

BLOCKED = """
    import sys, time
    from flexcancel import Client
    url, session_id = sys.argv[1:]
    client = Client("fsk_test_hunter2", base_url=url, timeout=60)
    try:
        client.cancel(session_id)
    except KeyboardInterrupt as interruption:
        found = interruption.__cause__.result
        print(time.monotonic(), found.outcome, found.code)
"""


def test_given_a_blocked_call_when_ctrl_c_is_pressed_then_it_ends_at_once(
    sandbox: Sandbox,
) -> None:
    sandbox.stall()
    session_id = sandbox.held()
    took_ms = []
    for count in range(1, TRIES + 1):
        program = script.start(BLOCKED, sandbox.url, session_id)
        sandbox.wait_for_requests(count)
        pressed = time.monotonic()
        program.send_signal(signal.SIGINT)
        output, complaints = program.communicate(timeout=30)
        assert complaints == ""
        ended, outcome, code = output.split()
        assert (outcome, code) == ("unknown", "aborted")
        took_ms.append((float(ended) - pressed) * 1000)
    assert min(took_ms) < PROMISED_MS, took_ms
    assert max(took_ms) < AT_MOST_MS, took_ms


FORKED_BY_ANOTHER_THREAD = """
    import os, sys, threading, warnings
    from flexcancel import Client
    url, session_id = sys.argv[1:]
    warnings.simplefilter("ignore")
    def in_child():
        try:
            Client("fsk_test_hunter2", base_url=url, timeout=60).cancel(session_id)
        except KeyboardInterrupt as interruption:
            found = interruption.__cause__.result
            print(found.outcome, found.code, flush=True)
        os._exit(0)
    def fork():
        child = os.fork()
        if child == 0:
            in_child()
        print(child, flush=True)
        os.waitpid(child, 0)
    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()
"""


def test_given_a_child_that_another_thread_forked_then_ctrl_c_ends_its_call(
    sandbox: Sandbox,
) -> None:
    sandbox.stall()
    program = script.start(FORKED_BY_ANOTHER_THREAD, sandbox.url, sandbox.held())
    assert program.stdout is not None
    child = int(program.stdout.readline())
    sandbox.wait_for_requests(1)
    os.kill(child, signal.SIGINT)
    output, complaints = program.communicate(timeout=30)
    assert (output, complaints) == ("unknown aborted\n", "")


def test_given_ctrl_c_that_nobody_catches_then_the_traceback_tells_what_is_known(
    sandbox: Sandbox,
) -> None:
    sandbox.stall()
    code = BLOCKED.replace("except KeyboardInterrupt", "except ZeroDivisionError")
    program = script.start(code, sandbox.url, sandbox.held())
    sandbox.wait_for_requests(1)
    program.send_signal(signal.SIGINT)
    _, complaints = program.communicate(timeout=30)
    assert program.returncode == -signal.SIGINT
    assert "InterruptedCallError: unknown/aborted" in complaints
    assert complaints.rstrip().endswith("KeyboardInterrupt")
    assert "hunter" not in complaints


class Alarm(Exception):
    pass


def test_given_a_host_s_handler_that_raises_then_its_exception_goes_on(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.stall()
    session_id = sandbox.held()

    def ring(number: int, frame: object) -> None:
        raise Alarm

    kept = signal.signal(signal.SIGALRM, ring)
    abort = AbortToken()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(Alarm) as raised:
            client.cancel(session_id, timeout=60, abort=abort)
    finally:
        signal.signal(signal.SIGALRM, kept)
    assert isinstance(raised.value.__cause__, InterruptedCallError)
    assert isinstance(raised.value.__cause__.result, Cancellation)
    assert raised.value.__cause__.result.outcome is Outcome.UNKNOWN
    assert not abort.is_triggered, "the caller's token may serve other calls too"


def test_given_a_handler_that_does_not_raise_then_the_call_goes_on(
    sandbox: Sandbox, client: Client
) -> None:
    rung = []
    kept = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    sandbox.fault("delay", ms=300)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        result = client.cancel(sandbox.held())
        signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, kept)
    assert result.outcome is Outcome.CANCELED
    assert len(rung) > 1


def test_given_a_handler_that_triggers_the_token_then_the_call_ends(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.stall()
    abort = AbortToken()
    kept = signal.signal(signal.SIGALRM, lambda number, frame: abort.trigger())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        result = client.cancel(sandbox.held(), timeout=60, abort=abort)
    finally:
        signal.signal(signal.SIGALRM, kept)
    assert (result.outcome, result.code) == (Outcome.UNKNOWN, Code.ABORTED)


def test_given_a_log_handler_that_blocks_then_ctrl_c_ends_the_call_all_the_same(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.stall()
    session_id = sandbox.held()
    monkeypatch.setattr(_native_call, "_MAX_WAIT_FOR_ABORTED", 0.05)
    unblock = threading.Event()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            unblock.wait(30)

    def ring(number: int, frame: object) -> None:
        raise Alarm

    handler = Handler()
    _events.logger.addHandler(handler)
    kept = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(Alarm) as raised:
            client.cancel(session_id, timeout=60)
    finally:
        signal.signal(signal.SIGALRM, kept)
        unblock.set()
        _events.logger.removeHandler(handler)
    assert InterruptedCallError.of(raised.value) is None


def test_given_a_call_that_is_not_to_be_interrupted_then_no_thread_is_made(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(thread: threading.Thread) -> None:
        raise AssertionError("a thread was started")

    monkeypatch.setattr(threading.Thread, "start", start)
    with Client(KEY, base_url=sandbox.url, interruptible=False) as client:
        assert client.cancel(sandbox.held()).is_voided


def test_given_that_no_thread_can_be_started_then_the_call_is_made_all_the_same(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert client.cancel(sandbox.held()).is_voided


@pytest.mark.usefixtures("no_daemon_threads")
def test_given_an_interpreter_without_daemon_threads_then_the_call_is_made_all_the_same(
    sandbox: Sandbox, client: Client
) -> None:
    assert client.cancel(sandbox.held()).is_voided


SUB_INTERPRETER = """
    import sys
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    url, session_id = sys.argv[1:]
    code = f'''if True:
        import sys
        sys.path[:] = {sys.path!r}
        try:
            from flexcancel import Client
        except ImportError as error:
            print(error, flush=True)
        else:
            with Client("fsk_test_hunter2", base_url={url!r}) as client:
                print(client.cancel({session_id!r}).outcome, flush=True)
    '''
    failed = interpreters.run_string(interpreters.create(), code)
    assert failed is None, failed
"""


def test_given_a_sub_interpreter_then_the_call_is_made_all_the_same(sandbox: Sandbox) -> None:
    session_id = sandbox.held()
    exit_code, output, complaints = script.run(SUB_INTERPRETER, sandbox.url, session_id)
    # Python 3.12 itself does not let ctypes into one.
    has_ctypes = sys.version_info[:2] != (3, 12)
    refusal = "module _ctypes does not support loading in subinterpreters"
    assert (exit_code, output) == (0, f"{'canceled' if has_ctypes else refusal}\n"), complaints
    assert sandbox.hold(session_id) == ("released" if has_ctypes else "held")


def test_given_an_interruption_before_the_call_begins_then_nothing_is_sent(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = sandbox.held()

    def start(thread: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt) as raised:
        client.cancel(session_id)
    assert raised.value.__cause__ is None
    assert sandbox.requests() == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_given_a_signal_at_any_moment_of_a_call_then_no_call_is_left_waiting(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Before Python 3.13, an exception in the midst of logging may leave its lock locked.
    monkeypatch.setattr(_events, "wanted", lambda: False)
    session_id = sandbox.held()
    interrupted, in_call = 0, False

    def ring(number: int, frame: object) -> None:
        if in_call:
            raise Alarm

    kept = signal.signal(signal.SIGALRM, ring)
    try:
        for count in range(1_000):
            in_call = True
            try:
                # From before the call begins to after its end; and again, should Python itself
                # have lost the exception, as it does in a finalizer.
                signal.setitimer(signal.ITIMER_REAL, (1 + count % 100) / 100_000, 0.05)
                client.retrieve(session_id)
                while True:
                    time.sleep(1)
            except Alarm as alarm:
                in_call = False
                signal.setitimer(signal.ITIMER_REAL, 0)
                found = InterruptedCallError.of(alarm)
                interrupted += found is not None and found.result.code is Code.ABORTED
    finally:
        in_call = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)
    assert interrupted > 0
