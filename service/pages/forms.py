"""Forms that come back: bounded, each field once, and only from our own pages."""

from typing import Final
from urllib.parse import parse_qsl

from service.api.calls import KIB, Call
from service.api.origins import origin
from service.users.problems import BadPayload, Forbidden, WrongMedia

_MOST_BYTES: Final = 16 * KIB  # a token of 4 KiB and a password, percent-encoded, leave room
_MOST_FIELDS: Final = 8
_MEDIA: Final = "application/x-www-form-urlencoded"


async def form(call: Call) -> dict[str, str]:
    """The fields of a posted form. Raises Forbidden, WrongMedia, TooLarge, BadPayload."""
    _same_origin(call)
    if call.media != _MEDIA:
        raise WrongMedia(call.media[:64])
    try:
        text = (await call.bytes(_MOST_BYTES)).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadPayload("The form is malformed") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadPayload("A field of the form came twice")
    return fields


def _same_origin(call: Call) -> None:
    """Refuses what another site's page made the browser send (ASVS 5.0 V3.5.1).

    A page under `Referrer-Policy: no-referrer` posts with `Origin: null`, to its own origin too (Fetch,
    "append a request Origin header"), so Sec-Fetch-Site decides where the browser sends it. Where it does not
    (plain http, old browsers), `null` has to pass: what lets a form in is the token inside it, no cookie.
    """
    site = call.header(b"sec-fetch-site")
    page = call.header(b"origin")
    if site not in (None, "same-origin", "none"):  # none: the person did it, such as loading a page again
        raise Forbidden
    if page not in (None, "null", origin(call.house.terms.public_url)):
        raise Forbidden
