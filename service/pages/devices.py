"""What a browser calls itself, in the words of people: Firefox, Linux."""

from typing import Final

# The first that fits: browsers name those whom they are like behind themselves, and Chrome names Safari.
_BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("CrOS", "ChromeOS"), ("Macintosh", "Mac"), ("Linux", "Linux"),
)  # fmt: skip
_LONGEST: Final = 40  # characters of a name that we do not know


def device(agent: str | None) -> str:
    """A name for the device; of a program that is no browser its own first word."""
    if not agent:
        return ""
    found = (next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found)) or agent.split("/")[0][:_LONGEST]
