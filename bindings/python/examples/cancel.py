"""A till: cancels the hold of one session, and says what the cashier may say.

    FLEX_API_KEY=fsk_test_... python cancel.py SESSION_ID

FLEX_BASE_URL names another host, such as the sandbox. Exits with 0 if voided, 1 if it is too late,
2 if not voided, 3 if nobody knows yet.
"""

from __future__ import annotations

import os
import sys

import flexcancel
from flexcancel import Outcome

SAY = {
    Outcome.CANCELED: (0, "VOIDED"),
    Outcome.ALREADY_CANCELED: (0, "VOIDED"),
    Outcome.NOT_CANCELABLE: (1, "TOO LATE"),
    Outcome.NOT_APPLIED: (2, "NOT VOIDED"),
    Outcome.UNKNOWN: (3, "VOID PENDING"),
}


def main(session_id: str) -> int:
    """Cancels the session. Returns the exit code."""
    base_url = os.environ.get("FLEX_BASE_URL")
    if base_url is None:
        print("FLEX_BASE_URL is not set: this calls Flex itself.", file=sys.stderr)
    # A real till makes one client and keeps it: connections are used again.
    with flexcancel.Client(api_key_env="FLEX_API_KEY", base_url=base_url, timeout=10) as client:
        result = client.cancel(session_id)
        if result.outcome is Outcome.UNKNOWN and result.repeat:
            # The request may have arrived: ask again, as the same cancel, before saying "pending".
            result = client.cancel(session_id, **result.repeat)
    exit_code, words = SAY[result.outcome]
    # The advice of a void that was not made begins with these words, too.
    print(f"{words}: {result.message if exit_code == 2 else result.advice}")
    if result.session is not None:
        print(f"status {result.session.status}, total {result.session.amount_total} cents")
    for attempt in result.attempts:
        print(f"{attempt.operation}: {attempt.phase}, {attempt.code}, {attempt.elapsed:.3f} s")
    return exit_code


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: cancel.py SESSION_ID")
    try:
        sys.exit(main(sys.argv[1]))
    except flexcancel.RefusedError as error:
        sys.exit(f"nothing was sent: {error}")
