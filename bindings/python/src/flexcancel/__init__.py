"""Releases the hold on a shopper's HSA/FSA card (Flex), and tells the truth about it.

>>> import flexcancel
>>> with flexcancel.Client(api_key_env="FLEX_API_KEY") as client:  # doctest: +SKIP
...     result = client.cancel("fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T")
...     if result.outcome == "unknown" and result.repeat:  # its request may have arrived: ask again
...         result = client.cancel("fcs_01J8ZC5J4V6M3K2N1P0Q9R8S7T", **result.repeat)
...     print(result.outcome, result.advice)

Logs to ``logging.getLogger("flexcancel")``, if that logger has a handler.
"""

from ._abort import AbortToken
from ._async import AsyncClient
from ._async_bulk_run import AsyncBulkRun
from ._bulk_item import BulkCancellation, BulkItem, BulkResult, BulkRetrieval, BulkSummary
from ._bulk_run import BulkRun
from ._cancellation import Cancellation, Repeat
from ._client import Client
from ._enums import Code, Hold, Operation, OutboxState, Outcome, Phase
from ._errors import (
    ArgumentError,
    BulkError,
    ClosedError,
    ConfigError,
    FlexcancelError,
    InterruptedCallError,
    LibraryError,
    NotAppliedError,
    NotCancelableError,
    OutboxError,
    OutcomeError,
    RefusedError,
    UnknownOutcomeError,
    WarmUpError,
)
from ._flush_report import FlushReport
from ._library import version as library_version
from ._outbox import Outbox
from ._outbox_entry import OutboxClaim, OutboxCounts, OutboxEntry
from ._result import Attempt, ProviderError, Result, SessionResult
from ._retrieval import Retrieval
from ._version import __version__
from .session import CheckoutSession

__all__ = [
    "AbortToken",
    "ArgumentError",
    "AsyncBulkRun",
    "AsyncClient",
    "Attempt",
    "BulkCancellation",
    "BulkError",
    "BulkItem",
    "BulkResult",
    "BulkRetrieval",
    "BulkRun",
    "BulkSummary",
    "Cancellation",
    "CheckoutSession",
    "Client",
    "ClosedError",
    "Code",
    "ConfigError",
    "FlexcancelError",
    "FlushReport",
    "Hold",
    "InterruptedCallError",
    "LibraryError",
    "NotAppliedError",
    "NotCancelableError",
    "Operation",
    "Outbox",
    "OutboxClaim",
    "OutboxCounts",
    "OutboxEntry",
    "OutboxError",
    "OutboxState",
    "Outcome",
    "OutcomeError",
    "Phase",
    "ProviderError",
    "RefusedError",
    "Repeat",
    "Result",
    "Retrieval",
    "SessionResult",
    "UnknownOutcomeError",
    "WarmUpError",
    "__version__",
    "library_version",
]
