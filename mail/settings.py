"""Where and how letters go out, as an administrator sets it up."""

from dataclasses import dataclass, field
from typing import Literal

# implicit: TLS from the first byte. required: STARTTLS or no letter. offered: STARTTLS where the server has
# it, and the password never in clear. never: no TLS, asked for by name.
Security = Literal["implicit", "required", "offered", "never"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and how letters go out; the password is not in its repr."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Security = "offered"
