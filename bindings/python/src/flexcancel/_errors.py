"""The exceptions: for what is no outcome, and for what ``raise_for_outcome`` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional

from ._enums import Code, Outcome

if TYPE_CHECKING:
    from ._cancellation import Cancellation


class FlexcancelError(Exception):
    """What every exception of this package is."""


class LibraryError(FlexcancelError, ImportError):
    """The native library cannot be loaded, or is not the one that this version is made for."""


class RefusedError(FlexcancelError):
    """The program's own mistake. Nothing was sent.

    ``message`` names the field and what was expected. ``result`` is the core's own report of it,
    where the core was asked. ``outcome`` is ``not_applied``; ``unknown`` of a cancel in doubt: an
    earlier request with its key may have had its effect.
    """

    def __init__(self, code: Code, message: str, result: Optional[Cancellation] = None) -> None:
        super().__init__(message)
        self.code = code
        self.outcome = Outcome.NOT_APPLIED if result is None else result.outcome
        self.message = message
        self.result = result


class ConfigError(RefusedError, ValueError):
    """A configuration that cannot be used."""


class ArgumentError(RefusedError, ValueError):
    """An argument of a call that cannot be used, a session id among them."""


class ClosedError(RefusedError):
    """The client, or the outbox, is closed."""


class OutboxError(FlexcancelError):
    """The outbox cannot do what it is asked to: ``code`` says why. Nothing was sent.

    Its file cannot be used, the cancel was not kept, or there is no such entry. ``result`` is the
    core's own report of it. Of a cancel that was not kept, ``outcome`` is ``not_applied``; it is
    ``unknown`` where the file may hold it all the same.
    """

    def __init__(self, message: str, result: Cancellation) -> None:
        super().__init__(f"{result.code}: {message}")
        self.code = result.code
        self.outcome = result.outcome
        self.message = message
        self.result = result


class OutcomeError(FlexcancelError):
    """An outcome other than "voided"; raised by ``raise_for_outcome`` alone."""

    def __init__(self, cancellation: Cancellation) -> None:
        super().__init__(f"{cancellation.outcome}/{cancellation.code}: {cancellation.message}")
        self.cancellation = cancellation


class UnknownOutcomeError(OutcomeError):
    """The hold may be there or not: treat the void as pending."""


class NotCancelableError(OutcomeError):
    """Too late: captured or expired."""


class NotAppliedError(OutcomeError):
    """Surely not voided."""


class InterruptedCallError(FlexcancelError):
    """What a call came to that an exception ended early.

    The cause (``__cause__``) of the ``KeyboardInterrupt``, or of the ``asyncio.CancelledError``,
    that ended it: a cancel may have taken effect all the same, and ``cancellation`` says what is
    known.
    """

    def __init__(self, cancellation: Cancellation) -> None:
        super().__init__(f"{cancellation.outcome}/{cancellation.code}: {cancellation.message}")
        self.cancellation = cancellation

    @classmethod
    def of(cls, error: BaseException) -> Optional[InterruptedCallError]:
        """Finds the call that an exception ended, along its causes and contexts.

        asyncio may raise another exception than the one that ended the call, such as a
        ``TimeoutError``. ``None`` if there is none.
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
