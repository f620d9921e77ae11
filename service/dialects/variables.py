"""Variables in filters: who asks, and moments counted from now."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from service.database import moment
from service.users.model import Caller
from service.users.problems import BadQuery

_NOW: Final = re.compile(r"\$NOW(?:\(([^()]*)\))?")
_ADJUSTMENT: Final = re.compile(r"\s*([+-]?)\s*([0-9]{1,9})\s*([a-z]*)\s*", re.IGNORECASE)
_UNITS: Final = {
    "milliseconds": ("milliseconds", "millisecond", "msecs", "msec", "ms"),
    "seconds": ("seconds", "second", "secs", "sec", "s"),
    "minutes": ("minutes", "minute", "mins", "min", "m"),
    "hours": ("hours", "hour", "hrs", "hr", "h"),
    "days": ("days", "day", "d", ""),
    "weeks": ("weeks", "week", "w"),
    "months": ("months", "month", "mths", "mth", "mo"),
    "years": ("years", "year", "yrs", "yr", "y"),
}
_NAMED: Final = {word: unit for unit, words in _UNITS.items() for word in words}
_MONTHS: Final = {"months": 1, "years": 12}


class Variables(msgspec.Struct, frozen=True):
    """What the variables stand for in one question, whose `moment` is the same wherever it says $NOW."""

    user: str | None
    role: str | None
    moment: datetime

    def fill(self, value: object) -> object:
        """The value, or what its variable stands for. Raises BadQuery for a variable that is not known."""
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        if value == "$CURRENT_USER":
            return self.user
        if value == "$CURRENT_ROLE":
            return self.role
        if value.startswith("$CURRENT_"):
            raise BadQuery(f'"{value[:64]}" is no variable of filters')
        if value == "$NOW" or value.startswith("$NOW("):
            found = _NOW.fullmatch(value)
            if found is None:
                raise BadQuery(f'"{value[:64]}" is not understood: $NOW, or as in $NOW(-1 year)')
            return moment(self.moment if found[1] is None else adjusted(self.moment, found[1]))
        return value

    def within(self, value: object) -> object:
        """The value with what its variables stand for, in lists and objects too. Raises BadQuery."""
        if isinstance(value, list):
            return [self.within(one) for one in value]
        if isinstance(value, dict):
            return {name: self.within(one) for name, one in value.items()}
        return self.fill(value)


def of(caller: Caller) -> Variables:
    """The variables of a question that this caller asks now."""
    return Variables(caller.user, caller.role, datetime.now(UTC))


def adjusted(when: datetime, text: str) -> datetime:
    """The moment moved by `-1 year`, `+2 h` or `3` (days). Raises BadQuery."""
    found = _ADJUSTMENT.fullmatch(text)
    unit = _NAMED.get(found[3].lower()) if found else None
    if found is None or unit is None:
        raise BadQuery(f'"{text[:64]}" is no adjustment of $NOW, as "-1 year" is')
    amount = int(found[2]) * (-1 if found[1] == "-" else 1)
    try:
        if unit in _MONTHS:
            return _by_months(when, amount * _MONTHS[unit])
        return when + timedelta(**{unit: amount})
    except (OverflowError, ValueError):
        raise BadQuery(f'"{text[:64]}" leads beyond every calendar') from None


def _by_months(when: datetime, months: int) -> datetime:
    """The same day of another month, or its last day where it has fewer."""
    year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
    return when.replace(year=year, month=month + 1, day=min(when.day, monthrange(year, month + 1)[1]))
