"""Entity tags of SCIM resources: weak, as other bytes may say the same (RFC 7644, 3.14).

A user's resource shows the groups that the user is in, which change without the user's own row: a name may be
given to a group of 50,000. So the tag says the version of the row and, of who is in groups, a digest of them.
"""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from providers.scim.schema import Value

_DIGEST = 6  # bytes


def tag(version: int, groups: Sequence[Value] = ()) -> str:
    """The tag of a version, with these groups shown."""
    if not groups:
        return f'W/"{version}"'
    return f'W/"{version}-{blake2b(msgspec.json.encode(groups), digest_size=_DIGEST).hexdigest()}"'


def own_version(bare: str) -> str:
    """What a tag without its quotes says of the resource's own row."""
    return bare.partition("-")[0]
