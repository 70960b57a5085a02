"""The exceptions: for what has no outcome, and for what ``raise_for_outcome`` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Type, TypeVar

from ._enums import Code, Outcome

if TYPE_CHECKING:
    from ._bulk_item import BulkSummary
    from ._cancellation import Cancellation
    from ._result import Result

E = TypeVar("E", bound="FlexcancelError")


class FlexcancelError(Exception):
    """The base class of this package's exceptions. Copies and pickles keep every attribute."""

    def __reduce__(self) -> Tuple[Any, ...]:
        # Python's own would call __init__ with the message alone.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: Type[E], args: Tuple[Any, ...], attributes: Dict[str, Any]) -> E:
    error = kind.__new__(kind, *args)
    super(FlexcancelError, error).__init__(*args)
    error.__dict__.update(attributes)
    return error


class LibraryError(FlexcancelError, ImportError):
    """The native library cannot be loaded, or is not the one that this version is made for."""


def _outcome_of(result: Optional[Result], otherwise: Outcome) -> Outcome:
    """The outcome of a result; that of an operation about no session has none."""
    return otherwise if result is None else Outcome(result.raw.get("outcome", otherwise))


class RefusedError(FlexcancelError):
    """The program's own mistake. Nothing was sent.

    ``message`` names the field and what was expected. ``result`` is the library's own result, or
    ``None`` where the library was not asked. ``outcome`` is ``not_applied``; or ``unknown`` for a
    cancel in doubt, because an earlier request with its key may have had its effect.
    """

    def __init__(self, code: Code, message: str, result: Optional[Result] = None) -> None:
        super().__init__(message)
        self.code = code
        self.outcome = _outcome_of(result, Outcome.NOT_APPLIED)
        self.message = message
        self.result = result


class ConfigError(RefusedError, ValueError):
    """A configuration that cannot be used."""


class ArgumentError(RefusedError, ValueError):
    """An argument of a call, such as a session id, that cannot be used."""


class ClosedError(RefusedError):
    """The client or the outbox is closed: its ``close`` was called, or its ``with`` block ended.

    Nothing was sent. Make a new one, or keep one for the whole program.
    """


class OutboxError(FlexcancelError):
    """The outbox cannot do what it is asked to do; ``code`` says why. Nothing was sent.

    The file cannot be used, the cancel was not kept, or there is no such entry. ``result`` is the
    library's own result. For a cancel that was not kept, ``outcome`` is ``not_applied``; it is
    ``unknown`` where the file may hold the cancel after all, and for an operation that is about no
    session, such as ``flush``.
    """

    def __init__(self, result: Result) -> None:
        super().__init__(f"{result.code}: {result.message}")
        self.code = result.code
        self.outcome = _outcome_of(result, Outcome.UNKNOWN)
        self.message = result.message
        self.result = result


class WarmUpError(FlexcancelError):
    """No connection could be opened ahead of time; ``code`` says why. Calls may be made anyway."""

    def __init__(self, result: Result) -> None:
        super().__init__(f"{result.code}: {result.message}")
        self.code = result.code
        self.message = result.message
        self.result = result


class BulkError(FlexcancelError):
    """A run of ``cancel_many`` ended before the end of its input; ``code`` says why.

    It is raised after the results. The journal cannot be used, nothing can be sent to Flex, or
    more outcomes are unknown than ``max_unknown``. ``summary`` says how the items ended.
    """

    def __init__(self, summary: BulkSummary) -> None:
        super().__init__(f"{summary.code}: {summary.message}")
        self.code = summary.code
        self.message = summary.message
        self.summary = summary


class OutcomeError(FlexcancelError):
    """An outcome other than "voided". Only ``raise_for_outcome`` raises it.

    ``result`` is the whole result; ``code``, ``message`` and ``outcome`` are its own.
    """

    def __init__(self, result: Cancellation) -> None:
        super().__init__(result._summary())
        self.code = result.code
        self.message = result.message
        self.outcome = result.outcome
        self.result = result


class UnknownOutcomeError(OutcomeError):
    """The money may still be held or not: treat the void as pending."""


class NotCancelableError(OutcomeError):
    """Too late: captured or expired."""


class NotAppliedError(OutcomeError):
    """Definitely not voided."""


class InterruptedCallError(FlexcancelError):
    """The result of a call that an exception ended early.

    It is the cause (``__cause__``) of the ``KeyboardInterrupt``, or of the
    ``asyncio.CancelledError``, that ended the call. A cancel may have taken effect nevertheless:
    ``result``, such as a ``Cancellation``, says what is known.
    """

    def __init__(self, result: Result) -> None:
        super().__init__(result._summary())
        self.result = result

    @classmethod
    def of(cls, error: BaseException) -> Optional[InterruptedCallError]:
        """Finds the interrupted call among an exception's causes and contexts, or ``None``.

        asyncio may raise another exception than the one that ended the call, such as a
        ``TimeoutError``.
        """
        seen = set()
        waiting: List[Optional[BaseException]] = [error]
        while waiting:
            found = waiting.pop()
            if found is None or id(found) in seen:
                continue
            if isinstance(found, cls):
                return found
            seen.add(id(found))
            waiting += [found.__context__, found.__cause__]
        return None
