"""``flexcancel doctor``: what it says of each fault, and that it shows no secret."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flexcancel import Client, Outbox, _cli, _doctor
from flexcancel._doctor import without_credentials

from . import script
from .sandbox import KEY, Sandbox
from .test_cli import run

OTHER_KEY = "fsk_test_nobodymaysee"
PROXY_VARIABLES = ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY", "NO_PROXY")


def doctor(url: str, *arguments: str, **more: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the findings by what they are about, and all that was written."""
    variables = {**os.environ, "PYTHONPATH": str(script.SOURCE), "FLEX_API_KEY": KEY}
    for name in PROXY_VARIABLES:
        variables.pop(name, None)
        variables.pop(name.lower(), None)
    done = subprocess.run(
        [sys.executable, "-m", "flexcancel", "doctor", "--base-url", url, "--json", *arguments],
        capture_output=True,
        text=True,
        env={**variables, **more},
        timeout=60,
        check=False,
    )
    written = done.stdout + done.stderr
    assert "hunter" not in written
    assert "nobodymaysee" not in written
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    for one in findings:
        assert bool(one["to_do"]) is (one["ok"] is False), one
    return done.returncode, {one["check"]: one for one in findings}, written


def to_do(findings: dict[str, Any]) -> list[str]:
    return [name for name, one in findings.items() if one["ok"] is False]


def test_given_all_is_well_then_each_line_is_ok_and_no_cancel_is_sent(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    held = sandbox.held()
    outbox.enqueue(held)
    exit_code, found, _ = doctor(sandbox.url, held, "--outbox", str(path))
    assert (exit_code, to_do(found)) == (0, [])
    ok = [name for name, one in found.items() if one["ok"]]
    before = ["version", "service", "key", "proxy", "DNS", "connection"]
    assert ok == [*before, "session", "clock", "outbox"]
    assert found["service"]["found"] == f"{sandbox.url}, not Flex itself"
    assert found["key"]["found"] == "from the variable FLEX_API_KEY, test mode"
    assert found["session"]["found"].endswith("; Flex takes the key")
    assert found["outbox"]["found"] == "1 pending (1 due), 0 for a person"
    assert [one["method"] for one in sandbox.requests()] == ["GET"]
    assert sandbox.hold(held) == "held"


def test_given_a_service_then_it_is_named_without_credentials(
    monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    def told(*arguments: str) -> str:
        options = _cli.parser().parse_args(["doctor", *arguments])
        finding = _doctor._service(options)
        assert "nobodymaysee" not in finding.found
        return finding.found

    monkeypatch.delenv("FLEX_BASE_URL", raising=False)
    with Client(KEY) as client, Outbox(client, path) as outbox:
        flex = outbox.enqueue("fcs_1").base_url
    assert told() == told("--base-url", f"{flex}/") == f"{flex}, Flex itself"
    assert told("--base-url", "https://x.test/flex/") == "https://x.test/flex, not Flex itself"
    secret = "https://till:nobodymaysee@x.test?key=nobodymaysee"
    assert told("--base-url", secret) == "https://***@x.test, not Flex itself"
    monkeypatch.setenv("FLEX_BASE_URL", "http://127.0.0.1:1")
    assert told() == "http://127.0.0.1:1, not Flex itself"


def test_given_no_session_then_no_request_is_sent(sandbox: Sandbox) -> None:
    exit_code, found, _ = doctor(sandbox.url)
    assert (exit_code, to_do(found)) == (0, [])
    assert found["session"]["ok"] is None
    assert sandbox.requests() == []


def test_given_no_json_then_the_lines_are_for_people(sandbox: Sandbox) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flexcancel", "doctor", "--base-url", sandbox.url],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(script.SOURCE), "FLEXCANCEL_LIBRARY": LIBRARY},
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.splitlines()[1] == f"ok     service: {sandbox.url}, not Flex itself"
    key = "TO DO  key: the variable FLEX_API_KEY has none\n       Set it to the API key of Flex.\n"
    assert key in done.stdout
    assert "\nok     connection: opened in " in done.stdout, "what needs no key is checked"
    assert "\n-      session: not checked" in done.stdout


LIBRARY = os.environ.get("FLEXCANCEL_LIBRARY", "")


def test_given_a_wrong_key_then_the_session_s_line_says_so() -> None:
    sandbox = Sandbox("--test-key", OTHER_KEY)
    try:
        exit_code, found, _ = doctor(sandbox.url, "fcs_1")
        assert (exit_code, to_do(found)) == (2, ["session"])
        assert found["session"]["found"].startswith("unauthorized, ")
        assert found["session"]["to_do"].startswith("Check the API key and its rights.")
        assert found["session"]["to_do"].endswith("flexcancel explain unauthorized")
        assert doctor(sandbox.url, FLEX_API_KEY=OTHER_KEY)[0] == 0
    finally:
        sandbox.close()


def test_given_a_session_that_is_not_there_then_its_line_says_so(sandbox: Sandbox) -> None:
    exit_code, found, _ = doctor(sandbox.url, "fcs_nobody_s")
    assert (exit_code, to_do(found)) == (2, ["session"])
    assert "key and session are of the same mode" in found["session"]["to_do"]


def test_given_what_is_no_session_s_id_then_its_line_says_so(sandbox: Sandbox) -> None:
    exit_code, found, _ = doctor(sandbox.url, "no id")
    assert (exit_code, to_do(found)) == (2, ["session"])
    assert found["session"]["found"].startswith("invalid_session_id: ")
    assert "invalid_session_id" in found["session"]["to_do"]
    assert sandbox.requests() == []


def test_given_a_port_that_is_closed_then_the_connection_s_line_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    exit_code, found, _ = doctor(f"http://127.0.0.1:{port}")
    assert (exit_code, to_do(found)) == (2, ["connection"])
    assert found["DNS"]["ok"] is True
    assert found["connection"]["found"].startswith("connect: ")
    assert found["connection"]["to_do"].startswith("Check the network")


def test_given_a_name_that_is_not_known_then_the_line_of_dns_says_so() -> None:
    exit_code, found, _ = doctor("https://flex.invalid", "--timeout", "20")
    assert (exit_code, to_do(found)) == (2, ["DNS"])


def test_given_a_service_that_nobody_vouches_for_then_the_line_of_tls_says_so() -> None:
    with Sandbox(tls=True) as sandbox:
        ca_file = str(sandbox.ca_file)
        exit_code, found, _ = doctor(sandbox.url, "--trust", "bundled")
        assert (exit_code, to_do(found)) == (2, ["TLS"])
        assert (found["DNS"]["ok"], found["connection"]["ok"]) == (True, True)
        assert "trust store" in found["TLS"]["to_do"]
        exit_code, found, _ = doctor(sandbox.url, "--ca-file", ca_file)
        assert (exit_code, to_do(found)) == (0, [])
        assert (
            found["trust store"]["found"] == f"the authorities in {ca_file} vouch for the service"
        )
        assert found["clock"]["ok"] is True


def test_given_a_proxy_that_refuses_then_the_line_says_so_and_shows_no_password() -> None:
    with Sandbox(tls=True) as sandbox, refusing_proxy() as address:
        ca_file = str(sandbox.ca_file)
        proxy = f"http://till:nobodymaysee@{address}"
        for arguments, more, shown in (
            (("--proxy", proxy), {}, f"http://***@{address} is used"),
            (("--proxy", "env"), {"HTTPS_PROXY": proxy}, f"HTTPS_PROXY=http://***@{address}"),
        ):
            options = ("--ca-file", ca_file, *arguments)
            exit_code, found, written = doctor(sandbox.url, *options, **more)
            assert (exit_code, to_do(found)) == (2, ["connection"]), written
            assert "407" in found["connection"]["found"]
            assert shown in found["proxy"]["found"]
        exit_code, found, _ = doctor(sandbox.url, "--ca-file", ca_file, HTTPS_PROXY=proxy)
        assert exit_code == 0
        assert found["proxy"]["found"].endswith("which only --proxy env uses")


@contextmanager
def refusing_proxy() -> Iterator[str]:
    """A proxy that asks everybody for another password."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                with line:
                    line.recv(4096)
                    line.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"{host}:{port}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_given_a_clock_that_is_behind_then_its_line_says_so(sandbox: Sandbox) -> None:
    held = sandbox.held()
    with Client(KEY, base_url=sandbox.url) as client:
        session = client.retrieve(held).raw["checkout_session"]
    body = json.dumps({"checkout_session": {**session, "created_at": int(time.time()) + 3600}})
    sandbox.fault("status", status=200, body=body, headers=[])
    exit_code, found, written = doctor(sandbox.url, held)
    assert (exit_code, to_do(found)) == (2, ["clock"]), written
    assert found["clock"]["to_do"] == "Set this machine's clock: it is behind."


def test_given_an_outbox_that_needs_a_person_or_is_none_then_its_line_says_so(
    sandbox: Sandbox, outbox: Outbox, path: Path, tmp_path: Path
) -> None:
    captured = sandbox.held()
    outbox.enqueue(captured)
    sandbox.capture(captured)
    outbox.flush()
    exit_code, found, _ = doctor(sandbox.url, "--outbox", str(path))
    assert (exit_code, to_do(found)) == (2, ["outbox"])
    assert found["outbox"]["found"] == "0 pending (0 due), 1 for a person"
    assert "--worklist" in found["outbox"]["to_do"]
    spaced = path.with_name("the till.db")
    with Client(KEY, base_url=sandbox.url) as client, Outbox(client, spaced) as second:
        second.cancel(captured)
    _, found, _ = doctor(sandbox.url, "--outbox", str(spaced))
    assert found["outbox"]["to_do"].endswith(f" list '{spaced}' --worklist")
    outbox.enqueue(sandbox.held())
    _, found, _ = doctor("http://127.0.0.1:9", "--outbox", str(path))
    assert found["outbox"]["found"].endswith(", 1 of another service or mode")
    other = tmp_path / "notes.txt"
    other.write_text("no outbox" * 100, "utf-8")
    other.chmod(0o600)
    _, found, _ = doctor(sandbox.url, "--outbox", str(other))
    assert found["outbox"]["found"].startswith("outbox_schema: ")
    assert found["outbox"]["to_do"].startswith("Check the path: use the outbox's file")
    _, found, _ = doctor(sandbox.url, "--outbox", str(tmp_path / "none.db"))
    assert found["outbox"]["found"].endswith(" is not there")


def test_given_a_configuration_that_cannot_be_used_then_its_line_says_so() -> None:
    exit_code, found, _ = doctor("ftp://flex.example")
    assert (exit_code, to_do(found)) == (2, ["configuration"])


def test_given_any_proxy_then_its_credentials_are_hidden() -> None:
    for url, hidden in (
        ("http://till:se#cr@et@proxy:8080", "http://***@proxy:8080"),
        ("till:secret@proxy:8080", "***@proxy:8080"),
        ("http://proxy:8080", "http://proxy:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://till:se://cret@proxy", "http://***@proxy"),
        ("till:se://cret@proxy", "***@proxy"),
        ("http://till:secret", "***, which is no proxy's URL"),
        ("http://proxy/secret", "***, which is no proxy's URL"),
    ):
        assert without_credentials(url) == hidden


def test_given_a_configuration_s_file_then_it_is_what_is_checked(tmp_path: Path) -> None:
    with Sandbox(tls=True) as sandbox:
        config = tmp_path / "flex.json"
        proxy = {"proxy": "http://till:nobodymaysee@127.0.0.1:1"}
        for more, wrong in (({}, []), (proxy, ["connection"]), ({"mode": "x"}, ["configuration"])):
            settings = {"api_key": KEY, "base_url": sandbox.url, "ca_file": sandbox.ca_file}
            config.write_text(json.dumps({**settings, **more}), "utf-8")
            variables = {"FLEX_BASE_URL": "http://127.0.0.1:1"}
            _, output, _ = run(sandbox, "doctor", "--json", "--config", str(config), **variables)
            assert "nobodymaysee" not in output
            findings = [json.loads(line) for line in output.splitlines()]
            assert [one["check"] for one in findings if one["ok"] is False] == wrong
            if not wrong:
                assert findings[1]["found"] == f"{sandbox.url}, not Flex itself"
                assert findings[2]["found"] == f"from {config}, test mode"
                assert {"TLS", "trust store"} <= {one["check"] for one in findings if one["ok"]}
