"""Addresses that callers may name: those that the administrator has listed, exactly."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from service.api.bodies import text_of
from service.users.problems import BadPayload


def is_listed(url: str, listed: Sequence[str]) -> bool:
    """Whether a URL leads where the administrator said: same scheme, host, port and path, no user in it."""
    given = urlsplit(url)
    if "@" in given.netloc or "\\" in url:
        return False
    return any(
        (given.scheme, given.netloc.lower(), given.path or "/")
        == (one.scheme, one.netloc.lower(), one.path or "/")
        for one in map(urlsplit, listed)
    )


def take(body: Mapping[str, object], name: str, listed: Sequence[str], purpose: str) -> str | None:
    """The address that a body names so, if any. Raises BadPayload for one that is not listed."""
    url = text_of(body, name)
    if url is not None and not is_listed(url, listed):
        raise BadPayload(f'Url "{url[:255]}" can\'t be used to {purpose}')
    return url
