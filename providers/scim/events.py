"""The names of SCIM's events (RFC 9967, 7.4): what changed, with values ("full") or without, and outcomes."""

from collections.abc import Mapping
from typing import Final

_PREFIX: Final = "urn:ietf:params:scim:event"
URIS: Final[Mapping[str, str]] = {
    "add": f"{_PREFIX}:feed:add",
    "create": f"{_PREFIX}:prov:create:notice",
    "patch": f"{_PREFIX}:prov:patch:notice",
    "put": f"{_PREFIX}:prov:put:notice",
    "delete": f"{_PREFIX}:prov:delete",
    "activate": f"{_PREFIX}:prov:activate",
    "deactivate": f"{_PREFIX}:prov:deactivate",
    "answer": f"{_PREFIX}:misc:asyncresp",
}
FULL: Final[Mapping[str, str]] = {name: f"{_PREFIX}:prov:{name}:full" for name in ("create", "patch", "put")}
