"""``flexcancel.testing``: the sandbox for the tests of others, and the page that shows it."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from flexcancel import Client, Outcome, testing
from flexcancel.testing import ALWAYS, TEST_KEY, Sandbox, SandboxError

from . import script

PAGE = Path(__file__).resolve().parents[3] / "docs/TESTING.md"


def test_the_page_s_tests_pass_as_they_are(tmp_path: Path) -> None:
    (sample,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    file = tmp_path / "test_sample.py"
    file.write_text(sample, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)],
        env={**os.environ, "PYTHONPATH": str(script.SOURCE)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "3 passed" in done.stdout) == (0, True), done.stdout


def test_every_method_is_in_the_page_s_table() -> None:
    table = dict(re.findall(r"^\| `(\w+)\((.*?)\)` \|", PAGE.read_text(encoding="utf-8"), re.M))
    public = {name for name, _ in inspect.getmembers(Sandbox, inspect.isfunction)}
    assert set(table) == {name for name in public if not name.startswith("_")}
    for name, arguments in table.items():
        parameters = list(inspect.signature(getattr(Sandbox, name)).parameters)[1:]
        assert [one.strip("* ") for one in arguments.split(",") if one] == parameters


def test_given_tls_then_a_client_trusts_it_and_its_routes_answer() -> None:
    with Sandbox(tls=True) as sandbox:
        assert sandbox.url.startswith("https://")
        session_id = sandbox.create()
        sandbox.pay(session_id)
        with sandbox.client() as client:
            assert client.cancel(session_id).outcome is Outcome.CANCELED
        assert sandbox.hold(session_id) == "released"
        ca_file = str(sandbox.ca_file)
        assert os.path.exists(ca_file)
    assert not os.path.exists(ca_file)


def test_given_tls_and_faults_of_all_connections_then_its_routes_answer() -> None:
    with Sandbox(tls=True) as sandbox:
        session_id = sandbox.held()
        sandbox.fault("close_before_read", times=ALWAYS)
        with sandbox.client(timeout=1) as client:
            assert client.cancel(session_id).outcome is Outcome.NOT_APPLIED
            sandbox.clear_faults()
            assert client.cancel(session_id).outcome is Outcome.CANCELED


def test_given_a_proxy_in_the_environment_then_it_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with Sandbox() as sandbox:
        assert sandbox.hold(sandbox.held()) == "held"


def test_given_what_it_does_not_know_then_it_says_so() -> None:
    with Sandbox() as sandbox:
        with pytest.raises(SandboxError, match=r"POST /__sandbox/faults: 422: .*drop_everything"):
            sandbox.fault("drop_everything")
        with pytest.raises(SandboxError, match="404"):
            sandbox.ground_truth("fcs_nobody_s")


def test_given_a_session_that_ends_then_the_truth_says_so() -> None:
    with Sandbox() as sandbox:
        expired, captured = sandbox.create(), sandbox.held()
        sandbox.expire(expired)
        sandbox.capture(captured)
        assert sandbox.hold(captured) == "captured"
        with sandbox.client() as client:
            results = [client.cancel(one).outcome for one in (expired, captured)]
        assert results == [Outcome.NOT_CANCELABLE] * 2


def test_given_its_end_then_nobody_listens_and_ending_again_is_no_error() -> None:
    sandbox = Sandbox()
    sandbox.close()
    sandbox.close()
    with Client(TEST_KEY, base_url=sandbox.url, connect_attempts=1) as client:
        assert client.retrieve("fcs_1").code == "connect"


def test_given_a_sandbox_that_has_ended_then_asking_it_says_so() -> None:
    with Sandbox() as closed, Sandbox() as killed:
        closed.close()
        killed._process.kill()
        killed._process.wait()
        for sandbox in (closed, killed):
            with pytest.raises(SandboxError, match=r"POST /__sandbox/sessions: .*it is closed, or"):
                sandbox.held()
            with pytest.raises(SandboxError, match="POST /__sandbox/outage: "), sandbox.outage():
                pass


def test_given_a_field_that_no_session_has_then_it_is_named() -> None:
    with Sandbox() as sandbox:
        for make in (sandbox.create, sandbox.held):
            with pytest.raises(SandboxError, match=r"amount: no such field .*amount_total"):
                make(amount=100)
        every = dict.fromkeys(testing._FIELDS, "x")
        typed = {"amount_total": 1, "capture_method": "manual", "metadata": {}, "test_mode": True}
        assert sandbox.hold(sandbox.create(**{**every, **typed, "paid": True})) == "held"


INTERRUPTED = """
    import os, signal, sys, time
    from flexcancel.testing import Sandbox
    with Sandbox() as sandbox:
        try:
            print(sandbox._process.pid, flush=True)
            time.sleep(30)
        except KeyboardInterrupt:
            time.sleep(0.3)
            print(sandbox.hold(sandbox.held()))
"""


def test_given_ctrl_c_on_a_terminal_then_the_sandbox_goes_on_until_its_test_ends() -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(INTERRUPTED)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(script.SOURCE)},
        start_new_session=True,
    )
    assert program.stdout is not None
    sandbox = int(program.stdout.readline())
    os.killpg(program.pid, signal.SIGINT)
    assert program.communicate(timeout=30)[0] == "held\n"
    with pytest.raises(ProcessLookupError):
        os.kill(sandbox, 0)


def test_given_a_parent_that_is_killed_then_the_sandbox_ends_too() -> None:
    program = script.start(INTERRUPTED)
    assert program.stdout is not None
    sandbox = int(program.stdout.readline())
    program.kill()
    program.communicate(timeout=30)
    until = time.monotonic() + 30
    while is_running(sandbox):
        assert time.monotonic() < until, "it has lost its parent"
        time.sleep(0.05)


def is_running(process: int) -> bool:
    """Whether it runs. Nobody may have taken note of its end yet."""
    try:
        state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_given_options_that_it_does_not_take_then_its_own_words_are_told() -> None:
    with pytest.raises(SandboxError, match="did not start: flex-sandbox: --colour: no such option"):
        Sandbox("--colour")


def test_the_program_is_looked_for_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = os.environ["FLEX_SANDBOX"]
    for directory in ("path", "scripts"):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "flex-sandbox").symlink_to(program)
    monkeypatch.setattr(testing, "_INSTALLED", str(tmp_path / "scripts"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert testing._found(None) == program
    assert testing._found(tmp_path / "own") == str(tmp_path / "own")
    monkeypatch.delenv("FLEX_SANDBOX")
    assert testing._found(None) == str(tmp_path / "path/flex-sandbox")
    shutil.rmtree(tmp_path / "path")
    assert testing._found(None) == str(tmp_path / "scripts/flex-sandbox")
    shutil.rmtree(tmp_path / "scripts")
    with pytest.raises(SandboxError, match="let FLEX_SANDBOX name it"):
        Sandbox()
    with pytest.raises(SandboxError, match="cannot start /nowhere"):
        Sandbox(program="/nowhere")
