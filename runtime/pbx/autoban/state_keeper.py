"""Takes the state of the running AutoBan, saves it, and restores it."""

from dataclasses import dataclass, replace

from pbx.autoban.control.sets import Sets
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.judgement.offenders import Offender, OffenderFields
from pbx.autoban.notices import Notices
from pbx.autoban.state import BanState
from pbx.autoban.store import BanStore
from pbx.core.store import StoreError


@dataclass(frozen=True)
class TakenState:
    """The state at one moment, taken as fast as possible.

    Attributes:
        offenders: The attributes of all offenders.
        others: All the rest.
        changes: A number that changes with the state, unless only time passes.
    """

    offenders: list[OffenderFields]
    others: BanState
    changes: int


class StateKeeper:
    """Keeps the state.

    Args:
        guard: Knows offenders, suspects and phones.
        sets: Knows the lists.
        store: Where the state is saved.
        notices: The log.
    """

    def __init__(self, guard: Guard, sets: Sets, store: BanStore, notices: Notices) -> None:
        self._guard = guard
        self._sets = sets
        self._store = store
        self._notices = notices
        self._saved_changes = -1

    def restore(self, state: BanState, now: float) -> None:
        """Restore a state, except for the lists."""
        self._guard.offenders.restore(state.offenders, now)
        self._guard.suspects.restore(state.suspects, now)
        for key, left in state.phones:
            self._guard.owners.logged_in(key, now + left)

    def take(self, now: float) -> TakenState:
        """Return the state at this moment."""
        guard = self._guard
        parts = (guard.offenders, guard.owners, guard.suspects, self._sets)
        others = BanState(
            (),
            tuple(guard.owners.phones(now)),
            self._sets.added("whitelist"),
            self._sets.added("blacklist"),
            tuple(guard.suspects.entries(now)),
        )
        return TakenState(guard.offenders.fields(now), others, sum(x.changes for x in parts))

    def save(self, taken: TakenState) -> None:
        """Save a state. It may run in another thread, and take as long as the disk does."""
        offenders = tuple(Offender(*fields) for fields in taken.offenders)
        changed = taken.changes != self._saved_changes
        try:
            self._store.save(replace(taken.others, offenders=offenders), changed=changed)
        except StoreError as error:
            self._notices.say_once(f"the state cannot be saved: {error}")
        else:
            self._saved_changes = taken.changes
