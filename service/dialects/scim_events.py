"""Events in SCIM's words: the claims of a Security Event Token (RFC 8417) about what happened (RFC 9967)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from providers.scim.events import URIS
from service.dialects import scim
from service.dialects.fields import GROUPS
from service.dialects.scim_tags import tag
from service.users.events import GROUPS_AT, KEPT
from service.users.feed import Event

_USER: Final = {field.name: word for word, field in scim.FIELDS.items()}
_GROUP: Final = {field.name: field.cells["scim"].word for field in GROUPS} | {"members": "members"}
_REST: Final = "meta"  # a change of nothing that SCIM shows but the version


def claims(event: Event, issuer: str, audience: str) -> dict[str, object]:
    """The claims of one event. `iat` is when it happened, so that every token of it says the same."""
    subject = {"format": "scim", "uri": event.subject}
    if event.external_identifier is not None:
        subject["externalId"] = event.external_identifier
    words = _GROUP if event.subject.startswith(GROUPS_AT) else _USER
    return {
        "iss": issuer,
        "iat": int(datetime.fromisoformat(event.at).timestamp()),
        "jti": event.id,
        "aud": audience,
        "txn": event.txn,
        "sub_id": subject,
        "events": {URIS[name]: _payload(name, told, words) for name, told in event.told.items()},
    }


def _payload(name: str, told: Mapping[str, Any], words: Mapping[str, str]) -> Mapping[str, object]:
    if name == "answer":  # SCIM's own words already
        return told
    if "attributes" not in told:
        return {}
    # Of who is in groups the tag goes on behind this: to look for them would cost every change a statement.
    return {"attributes": _named(told["attributes"], words), "version": tag(told["version"])}


def _named(names: Sequence[str], words: Mapping[str, str]) -> list[str]:
    """SCIM's names of attributes (RFC 7644, 3.5.2: path), without the filters that stand in our own table."""
    told = [
        name.removeprefix(KEPT) if name.startswith(KEPT) else words.get(name, _REST).partition("[")[0]
        for name in names
    ]
    seen = [name for name in dict.fromkeys(told) if name != _REST]
    return seen or [_REST]
