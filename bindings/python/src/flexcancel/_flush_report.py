"""What a flush of the outbox returns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Optional, Tuple

from ._outbox_entry import OutboxCounts, OutboxEntry, counts_of, entries_of
from ._result import Result


@dataclass(frozen=True)
class FlushReport(Result):
    """What a flush came to: ``code`` is ``ok``, or why it ended early.

    It asserts nothing of any cancel; its entries do.
    """

    _question = "compare report.code, or ask its entries"

    @cached_property
    def entries(self) -> Tuple[OutboxEntry, ...]:
        """The entries that were tried, as they are now."""
        return entries_of(self.raw)

    @cached_property
    def counts(self) -> Optional[OutboxCounts]:
        """How many entries there are now; ``None`` if they could not be counted."""
        return counts_of(self.raw)
