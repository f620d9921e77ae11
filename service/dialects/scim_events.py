"""Events in SCIM's words: the claims of a Security Event Token (RFC 8417) about what happened (RFC 9967)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from providers.scim.events import FULL, URIS
from service.dialects import scim, scim_event_data
from service.dialects.fields import GROUPS
from service.dialects.scim_tags import tag
from service.users.events import GROUPS_AT, KEPT, VALUES
from service.users.feed import Event

_USER: Final = {field.name: word for word, field in scim.FIELDS.items()}
_GROUP: Final = {field.name: field.cells["scim"].word for field in GROUPS} | {"members": "members"}
_REST: Final = "meta"  # a change of nothing that SCIM shows but the version
_NEVER_SHOWN: Final = "password"  # that it changed is told, and nothing else


def claims(event: Event, issuer: str, audience: str) -> dict[str, object]:
    """The claims of one event. `iat` is when it happened, so that every token of it says the same."""
    subject = {"format": "scim", "uri": event.subject}
    if event.external_identifier is not None:
        subject["externalId"] = event.external_identifier
    happened = (one for name, told in event.told.items() for one in _events(event.subject, name, told))
    return {
        "iss": issuer,
        "iat": int(datetime.fromisoformat(event.at).timestamp()),
        "jti": event.id,
        "aud": audience,
        "txn": event.txn,
        "sub_id": subject,
        "events": dict(happened),
    }


def _events(subject: str, name: str, told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The name of an event and what it says; of what values cannot tell there is a notice beside them."""
    if name == "answer":  # SCIM's own words already
        yield URIS[name], told
        return
    if "attributes" not in told:
        yield URIS[name], {}
        return
    # Of who is in groups the tag goes on behind this: to look for them would cost every change a statement.
    version, of_group = tag(told["version"]), subject.startswith(GROUPS_AT)
    names = _named(told["attributes"], _GROUP if of_group else _USER)
    values = told.get(VALUES)
    if values is not None:
        make = scim_event_data.of_group if of_group else scim_event_data.of_user
        word, data = make(name, [one for one in names if one not in (_REST, _NEVER_SHOWN)], values)
        if data is not None:
            yield FULL[word], {"data": data, "version": version}
            names = [_NEVER_SHOWN] if _NEVER_SHOWN in names and name != "create" else []
    if names:
        yield URIS[name], {"attributes": names, "version": version}


def _named(names: Sequence[str], words: Mapping[str, str]) -> list[str]:
    """SCIM's names of attributes (RFC 7644, 3.5.2: path), without the filters that stand in our own table."""
    told = [
        name.removeprefix(KEPT) if name.startswith(KEPT) else words.get(name, _REST).partition("[")[0]
        for name in names
    ]
    seen = [name for name in dict.fromkeys(told) if name != _REST]
    return seen or [_REST]
