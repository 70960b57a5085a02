"""A kiosk: its screen goes on while holds are released, and no void is lost over a power cut.

    FLEX_API_KEY=fsk_test_... python kiosk.py OUTBOX_FILE

Each line of stdin is a session whose shopper pressed "cancel". Each void is a task: it is written
to the outbox, then tried. What is still pending is delivered in the background, and once more at
the end of the input. SIGTERM ends the attempts under way; their voids stay in the outbox.
FLEX_BASE_URL names another service, such as the sandbox.

Prints a line for the shopper for each void and each delivery. Exits with 0 if nothing is left, 2 if
a person must look (``flexcancel outbox list FILE --worklist``), 3 if voids are still pending,
64 if it cannot start.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Set

from flexcancel import (
    AbortToken,
    Client,
    Outbox,
    OutboxError,
    OutboxState,
    Outcome,
    RefusedError,
)

SAY = {
    Outcome.CANCELED: "VOIDED",
    Outcome.ALREADY_CANCELED: "VOIDED",
    Outcome.NOT_CANCELABLE: "TOO LATE",
    Outcome.NOT_APPLIED: "NOT VOIDED",
    Outcome.UNKNOWN: "VOID PENDING",
}

#: How often what is pending is delivered, in seconds.
FLUSH_EVERY = 30.0


class Kiosk:
    """The voids of one kiosk. The library blocks, so its calls run on threads of the event loop."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.power_off = AbortToken()
        self.over = asyncio.Event()
        self.voids: Set[asyncio.Task[None]] = set()

    def press_cancel(self, session_id: str) -> None:
        """Returns at once: the screen goes on."""
        task = asyncio.create_task(self.void(session_id))
        self.voids.add(task)
        task.add_done_callback(self.voids.discard)

    async def void(self, session_id: str) -> None:
        """Writes the void to the outbox, then tries it. The outbox keeps what is pending."""
        try:
            result = await asyncio.to_thread(
                self.outbox.cancel, session_id, timeout=10, abort=self.power_off
            )
        except RefusedError as error:
            print(f"NOT VOIDED {session_id}: {error}", flush=True)
            return
        print(f"{SAY[result.outcome]} {session_id}", flush=True)
        print(f"kiosk: {session_id}: {result.code}: {result.message}", file=sys.stderr)

    async def deliver(self, *, now: bool = False) -> None:
        """Delivers what is pending; with ``now``, also what waits for its next attempt.

        Neither delivers what an attempt that was cut off may still deliver: its lease ends first.
        """
        try:
            report = await asyncio.to_thread(self.outbox.flush, now=now, abort=self.power_off)
        except OutboxError as error:
            print(f"kiosk: {error}", file=sys.stderr)
            return
        for entry in report.entries:
            if entry.state is OutboxState.DELIVERED:
                print(f"VOIDED {entry.session_id}", flush=True)
            elif entry.needs_person:
                print(f"ASK A PERSON {entry.session_id}: {entry.last_message}", flush=True)

    async def deliver_often(self) -> None:
        """Delivers until the input is over."""
        while not self.over.is_set():
            try:
                await asyncio.wait_for(self.over.wait(), FLUSH_EVERY)
            except asyncio.TimeoutError:
                await self.deliver()

    async def run(self, presses: asyncio.StreamReader) -> int:
        """Serves until the input ends. Returns the exit code."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stop, presses)
        delivery = asyncio.create_task(self.deliver_often())
        while line := (await presses.readline()).decode().strip():
            self.press_cancel(line)
        if self.voids:
            await asyncio.wait(self.voids)
        self.over.set()
        await delivery
        if not self.power_off.is_triggered:
            await self.deliver(now=True)
        counts = await asyncio.to_thread(self.outbox.stats)
        return 3 if counts.pending else 2 if counts.worklist else 0

    def stop(self, presses: asyncio.StreamReader) -> None:
        """Ends the input, and the attempts under way."""
        self.power_off.trigger()
        presses.feed_eof()


async def main(path: str) -> int:
    """Serves the presses that come on stdin."""
    presses = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(presses)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    base_url = os.environ.get("FLEX_BASE_URL")
    if base_url is None:
        print("FLEX_BASE_URL is not set: this calls Flex itself.", file=sys.stderr)
    client = Client(api_key_env="FLEX_API_KEY", base_url=base_url)
    with client, Outbox(client, path) as outbox:
        return await Kiosk(outbox).run(presses)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("usage: kiosk.py OUTBOX_FILE", file=sys.stderr)
        sys.exit(64)
    try:
        sys.exit(asyncio.run(main(sys.argv[1])))
    except (RefusedError, OutboxError) as error:
        print(f"kiosk: nothing was sent: {error}", file=sys.stderr)
        sys.exit(64)
