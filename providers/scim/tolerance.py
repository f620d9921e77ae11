"""How far a connection may stray from the RFC: one row per profile, one column per leniency."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Profile:
    """What is forgiven. Booleans as text are read under every profile; what is dropped is always reported."""

    name: str
    unknown_attributes: bool = True  # an attribute of no published schema is dropped, not refused
    unknown_paths: bool = False  # the same for an operation whose own path leads nowhere
    missing_schemas: bool = True  # a body without `schemas` is taken for what its address serves
    pathless_patch: bool = True  # PATCH without a path
    creates_entries: bool = True  # `emails[type eq "work"].value` makes the entry when there is none
    unquoted_values: bool = False  # `externalId eq jyoung`
    unqualified: bool = False  # an extension's attribute without its URN, as `manager`
    loose_shapes: bool = False  # "id" for {"value": "id"}, [x] for x, x for [x]


DEFAULT: Final = Profile("default")

# Entra ID: learn.microsoft.com, "Develop and plan provisioning for a SCIM endpoint", and its known issues.
ENTRA: Final = replace(
    DEFAULT, name="entra", unknown_paths=True, unquoted_values=True, unqualified=True, loose_shapes=True
)

# Okta keeps to the RFC in what it sends; it has a row so that a connection can say what it is.
OKTA: Final = replace(DEFAULT, name="okta")

# draft-ietf-scim-interop-profile: unknown attributes and URNs, and PATCH without a path, are 400.
STRICT: Final = Profile(
    "strict",
    unknown_attributes=False,
    missing_schemas=False,
    pathless_patch=False,
    creates_entries=False,
)

PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in (DEFAULT, ENTRA, OKTA, STRICT)}
