"""Threads, forks, and the interpreter's end."""

from __future__ import annotations

import os
import resource
import signal
import sys
import sysconfig
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

import pytest

from flexcancel import AbortToken, Cancellation, Client, ClosedError, Code, Outcome

from . import script
from .sandbox import KEY, Sandbox

#: How often the same call is made to see memory grow, and by how much it may.
CALLS, WARM_UP, MOST_GROWTH_KIB = 100_000, 10_000, 4_096


def test_given_an_interpreter_without_daemon_threads_then_the_call_is_made_directly(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sub-interpreter of Python 3.13 is one."""
    refused = []

    class Thread(threading.Thread):
        def __init__(self, *args: Any, daemon: Optional[bool] = None, **named: Any) -> None:
            if daemon:
                refused.append(named)
                raise RuntimeError("daemon threads are disabled in this (sub)interpreter")
            super().__init__(*args, **named)

    monkeypatch.setattr(threading, "Thread", Thread)
    assert client.interruptible
    session_id = sandbox.held()
    assert client.cancel(session_id).outcome is Outcome.CANCELED
    assert client.retrieve(session_id).outcome is Outcome.ALREADY_CANCELED
    assert len(refused) == 2


def test_given_a_blocked_call_then_other_threads_run(sandbox: Sandbox) -> None:
    sandbox.stall()
    session_id = sandbox.held()
    abort = AbortToken()
    with Client(KEY, base_url=sandbox.url) as client, ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.cancel, session_id, timeout=60, abort=abort)
        sandbox.wait_for_requests(1)
        # If the call held the GIL, nothing of this would run before its end.
        assert sum(range(100_000)) > 0
        assert not call.done()
        abort.trigger()
        assert call.result(timeout=30).code is Code.ABORTED


def test_given_many_threads_on_one_client_then_each_session_is_canceled_once(
    sandbox: Sandbox, client: Client
) -> None:
    ids = [sandbox.held() for _ in range(200)]
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(client.cancel, ids))
    assert {result.outcome for result in results} == {Outcome.CANCELED}
    assert [result.session_id for result in results] == ids
    assert all(len(sandbox.ground_truth(one)["cancels_applied"]) == 1 for one in ids)


def test_given_an_interpreter_without_the_gil_then_it_stays_without(client: Client) -> None:
    assert client.cancel("fcs_1").outcome is Outcome.NOT_APPLIED
    is_off = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    assert getattr(sys, "_is_gil_enabled", lambda: True)() is not is_off


def test_given_one_result_when_many_threads_read_it_then_each_sees_all_of_it(
    sandbox: Sandbox, client: Client
) -> None:
    for _ in range(50):
        result = client.cancel(sandbox.held())
        start = threading.Barrier(8)

        def read(result: Cancellation = result, start: threading.Barrier = start) -> object:
            start.wait()
            session = result.session
            assert session is not None
            return result.attempts, session.to_dict(), result.repeat, result.entry

        with ThreadPoolExecutor(8) as pool:
            first, *others = [call.result() for call in [pool.submit(read) for _ in range(8)]]
        assert all(other == first for other in others)


def test_given_a_call_in_flight_when_closed_then_it_ends_as_if_nothing_had_happened(
    sandbox: Sandbox,
) -> None:
    session_id = sandbox.held()
    sandbox.fault("delay", ms=300)
    client = Client(KEY, base_url=sandbox.url)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.cancel, session_id)
        sandbox.wait_for_requests(1)
        client.close()
        assert call.result(timeout=30).outcome is Outcome.CANCELED
    with pytest.raises(ClosedError):
        client.cancel(session_id)


def test_given_closes_from_many_threads_then_calls_end_or_are_refused(sandbox: Sandbox) -> None:
    session_id = sandbox.held()
    for _ in range(20):
        client = Client(KEY, base_url=sandbox.url)
        start = threading.Barrier(8)

        def use(index: int, client: Client = client, start: threading.Barrier = start) -> bool:
            start.wait()
            if index % 2:
                client.close()
                return True
            try:
                return client.retrieve(session_id).session is not None
            except ClosedError:
                return True

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(use, range(8)))


def test_given_one_token_then_it_ends_the_calls_that_have_it_and_no_others(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.stall()
    session_id = sandbox.held()
    abort, other = AbortToken(), AbortToken()
    with ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(client.retrieve, session_id, timeout=60, abort=abort) for _ in "abcd"]
        lone = pool.submit(client.retrieve, session_id, timeout=60, abort=other)
        sandbox.wait_for_requests(5)
        abort.trigger()
        assert {call.result(timeout=30).code for call in calls} == {Code.ABORTED}
        assert not lone.done()
        other.trigger()
        assert lone.result(timeout=30).code is Code.ABORTED


def test_given_a_fork_then_parent_and_child_both_go_on(sandbox: Sandbox) -> None:
    code = """
        import os, sys, warnings
        from flexcancel import Client
        url, *ids = sys.argv[1:]
        # The system may take a moment longer than Python to see the last call's thread off.
        warnings.simplefilter("ignore", DeprecationWarning)
        client = Client("fsk_test_hunter2", base_url=url)
        print(client.cancel(ids[0]).outcome, flush=True)
        child = os.fork()
        if child == 0:
            print(client.cancel(ids[1]).outcome, flush=True)
            client.close()
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(client.cancel(ids[2]).outcome)
    """
    ids = [sandbox.held() for _ in "abc"]
    assert script.run(code, sandbox.url, *ids) == (0, "canceled\n" * 3, "")
    assert {sandbox.hold(one) for one in ids} == {"released"}


FORKED_BESIDE_THREADS = """
    import os, signal, sys, threading, warnings
    from flexcancel import AbortToken, Client, Outbox
    url, path, *ids = sys.argv[1:]
    warnings.simplefilter("ignore")
    client = Client("fsk_test_hunter2", base_url=url)
    outbox = Outbox(client, path)
    token = AbortToken()
    def work(call):
        while not token.is_triggered:
            call()
    calls = [
        lambda: outbox.enqueue("fcs_parent"),
        outbox.stats,
        lambda: client.retrieve(ids[0]),
        lambda: Client("fsk_test_hunter2", base_url=url).close(),
    ]
    threads = [threading.Thread(target=work, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for session_id in ids:
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            outcome = client.cancel(session_id, abort=token).outcome
            outbox.enqueue(session_id)
            token.trigger()
            aborted = client.retrieve(session_id, abort=token).code
            pending = outbox.stats().pending
            outbox.close()
            client.close()
            os._exit(0 if (outcome, aborted, pending > 0) == ("canceled", "aborted", True) else 1)
        status = os.waitpid(child, 0)[1]
        if status:
            print("child", status)
    token.trigger()
    for thread in threads:
        thread.join()
    print(outbox.stats().pending == len(ids) + 1)
"""


def test_given_forks_beside_threads_in_the_library_then_no_child_hangs(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    ids = [sandbox.held() for _ in range(30)]
    found = script.run(FORKED_BESIDE_THREADS, sandbox.url, str(tmp_path / "outbox.db"), *ids)
    assert found == (0, "True\n", "")
    assert {sandbox.hold(one) for one in ids} == {"released"}


FORKED_BY_A_SIGNAL_HANDLER = """
    import os, signal, sys, warnings
    from flexcancel import AbortToken, Client, FlexcancelError
    warnings.simplefilter("ignore")
    token, parent = AbortToken(), os.getpid()
    def fork(*_):
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            return
        print(os.waitpid(child, 0)[1], flush=True)
        token.trigger()
    signal.signal(signal.SIGUSR1, fork)
    try:
        client = Client("fsk_test_hunter2", base_url=sys.argv[1], timeout=60)
        print(client.cancel(sys.argv[2], abort=token).code, flush=True)
    except FlexcancelError as error:
        os._exit(0 if "parent" in str(error) and os.getpid() != parent else 1)
"""


def test_given_a_signal_handler_that_forks_during_a_call_then_the_child_does_not_wait_for_it(
    sandbox: Sandbox,
) -> None:
    sandbox.stall()
    program = script.start(FORKED_BY_A_SIGNAL_HANDLER, sandbox.url, sandbox.held())
    sandbox.wait_for_requests(1)
    program.send_signal(signal.SIGUSR1)
    output, complaints = program.communicate(timeout=45)
    assert (output, complaints) == ("0\naborted\n", "")


def test_given_a_daemon_thread_in_a_call_when_the_interpreter_ends_then_it_ends_well(
    sandbox: Sandbox,
) -> None:
    sandbox.stall()
    code = """
        import logging, sys, threading
        from flexcancel import Client
        logging.basicConfig(level=sys.argv[3])
        url, session_id = sys.argv[1:3]
        client = Client("fsk_test_hunter2", base_url=url, timeout=60)
        threading.Thread(target=client.cancel, args=[session_id], daemon=True).start()
        sys.stdin.read()
    """
    for count, level in enumerate(("DEBUG", "CRITICAL"), 1):
        program = script.start(code, sandbox.url, sandbox.held(), level)
        sandbox.wait_for_requests(count)
        output, complaints = program.communicate(timeout=30)
        assert (program.returncode, output) == (0, "")
        assert ("unknown/aborted" in complaints) == (level == "DEBUG")
        assert "Fatal" not in complaints


def test_given_a_call_at_exit_then_it_is_made(sandbox: Sandbox) -> None:
    code = """
        import atexit, sys
        from flexcancel import Client
        client = Client("fsk_test_hunter2", base_url=sys.argv[1])
        atexit.register(lambda: print(client.cancel(sys.argv[2]).outcome))
    """
    assert script.run(code, sandbox.url, sandbox.held()) == (0, "canceled\n", "")


def memory_kib() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


def test_given_a_hundred_thousand_calls_then_memory_stays_flat(sandbox: Sandbox) -> None:
    session_id = sandbox.held()
    abort = AbortToken()
    with Client(KEY, base_url=sandbox.url, interruptible=False) as client:

        def call(count: int) -> None:
            for index in range(count):
                if index % 1000 == 0:
                    sandbox.ask("DELETE", "/__sandbox/requests")
                result = client.retrieve(session_id, abort=abort)
                assert result.session is not None
                assert len(result.attempts) == 1

        call(WARM_UP)
        files, before = len(os.listdir("/proc/self/fd")), memory_kib()
        call(CALLS - WARM_UP)
        growth = memory_kib() - before
    assert growth < MOST_GROWTH_KIB, f"{growth} KiB more after {CALLS} calls"
    assert len(os.listdir("/proc/self/fd")) == files - 1


def test_given_a_thousand_interruptible_calls_and_tokens_then_memory_stays_flat(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()

    def call(count: int) -> None:
        for _ in range(count):
            assert client.retrieve(session_id, abort=AbortToken()).session is not None

    call(500)
    threads, before = threading.active_count(), memory_kib()
    call(1_000)
    assert threading.active_count() == threads
    assert memory_kib() - before < MOST_GROWTH_KIB
