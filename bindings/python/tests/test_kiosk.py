"""The kiosk of the examples, with faults in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Optional

from .sandbox import KEY, Sandbox

KIOSK = Path(__file__).resolve().parents[1] / "examples/kiosk/kiosk.py"


class Kiosk:
    """A running kiosk."""

    def __init__(self, sandbox: Sandbox, outbox: Path) -> None:
        environment = {**os.environ, "FLEX_API_KEY": KEY, "FLEX_BASE_URL": sandbox.url}
        self.process = subprocess.Popen(
            [sys.executable, str(KIOSK), str(outbox)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def press(self, session_id: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(session_id + "\n")
        self.process.stdin.flush()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def end(self, by: Optional[signal.Signals] = None) -> tuple[int, str]:
        """Ends it by a signal, or its input. Gives its exit code, and what it still said."""
        if by is not None:
            self.process.send_signal(by)
            code = self.process.wait(30)
        out, log = self.process.communicate(timeout=30)
        assert KEY not in out + log
        return (self.process.returncode if by is None else code), out


def test_given_lost_answers_then_the_shift_ends_when_the_void_is_delivered(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    held, captured = sandbox.held(), sandbox.held()
    sandbox.capture(captured)
    kiosk = Kiosk(sandbox, tmp_path / "voids.db")
    with sandbox.losing_answers():
        kiosk.press(held)
        assert kiosk.line() == f"VOID PENDING {held}"
    kiosk.press(captured)
    assert kiosk.line() == f"TOO LATE {captured}"
    # A captured session is on the worklist.
    assert kiosk.end() == (2, f"VOIDED {held}\n")
    truth = sandbox.ground_truth(held)
    assert (truth["hold"], len(truth["cancels_applied"])) == ("released", 1)
    assert sandbox.hold(captured) == "captured"


def test_given_a_silent_service_then_the_next_shopper_is_served_and_sigterm_loses_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    silent, other = sandbox.held(), sandbox.held()
    sandbox.fault("drop_answer", how="stall", operation="cancel")
    kiosk = Kiosk(sandbox, tmp_path / "voids.db")
    kiosk.press(silent)
    sandbox.wait_for_requests(1)
    kiosk.press(other)
    assert kiosk.line() == f"VOIDED {other}"
    assert kiosk.end(signal.SIGTERM) == (3, f"VOID PENDING {silent}\n")
    # The next start delivers it.
    again = Kiosk(sandbox, tmp_path / "voids.db")
    assert again.end() == (0, f"VOIDED {silent}\n")
    for session_id in (silent, other):
        truth = sandbox.ground_truth(session_id)
        assert (truth["hold"], len(truth["cancels_applied"])) == ("released", 1)


def test_given_no_usable_file_then_it_does_not_start(sandbox: Sandbox, tmp_path: Path) -> None:
    kiosk = Kiosk(sandbox, tmp_path / "nowhere" / "voids.db")
    assert kiosk.end() == (64, "")
