"""A register whose size is bounded and whose records expire."""

import heapq
from collections.abc import Callable, ItemsView, ValuesView
from typing import Any, Generic, Protocol, TypeVar


class Expiring(Protocol):
    """A record with an end.

    Attributes:
        until: When it ends, in seconds of a clock that never goes back.
    """

    until: float


_Record = TypeVar("_Record", bound=Expiring)


class BoundedRegister(Generic[_Record]):
    """Records by key.

    Args:
        limit: Number of records. Above it, the least important sixteenth is removed at once, so
            that sorting is rare.
        importance: Returns a sort key; the lowest is removed first.
        follows: Returns the record that replaces an expired one; None if there is none.

    Attributes:
        changes: Number of changes other than expiry.
    """

    def __init__(
        self,
        limit: int,
        importance: Callable[[_Record], Any],
        follows: Callable[[_Record], _Record | None] = lambda _: None,
    ) -> None:
        self.changes = 0
        self._limit = limit
        self._importance = importance
        self._follows = follows
        self._records: dict[str, _Record] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, key: str) -> bool:
        return key in self._records

    def find(self, key: str, now: float) -> _Record | None:
        """Return the record of a key; None if there is none any more."""
        record = self._records.get(key)
        if record is None or record.until > now:
            return record
        while record is not None and record.until <= now:
            record = self._follows(record)
        if record is None:
            del self._records[key]
        else:
            self._records[key] = record
        return record

    def put(self, key: str, record: _Record) -> None:
        """Add or replace a record."""
        self.changes += 1
        if key not in self._records and len(self._records) >= self._limit:
            number = max(1, self._limit // 16)
            least = heapq.nsmallest(number, self._records, key=self._importance_of)
            for other in least:
                del self._records[other]
        self._records[key] = record

    def remove(self, key: str) -> bool:
        """Remove a record; return whether there was one."""
        self.changes += 1
        return self._records.pop(key, None) is not None

    def pass_time(self, now: float) -> None:
        """Replace or remove all expired records."""
        for key in [key for key, record in self._records.items() if record.until <= now]:
            self.find(key, now)

    def items(self, now: float) -> ItemsView[str, _Record]:
        """Return all records that have not expired."""
        self.pass_time(now)
        return self._records.items()

    def values(self) -> ValuesView[_Record]:
        """Return all records, expired ones included."""
        return self._records.values()

    def _importance_of(self, key: str) -> Any:
        return self._importance(self._records[key])
