"""How letters look: one colour and what is legible on it, a logo, a project's own wording."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
OURS: Final = "#3a47c4"
_PAPER: Final = {"light": "#ffffff", "dark": "#191c26"}
_INK: Final = {"white": "#ffffff", "black": "#12141c"}
LEAST: Final = 4.5  # WCAG 2.2, 1.4.3: contrast of text


@dataclass(frozen=True, slots=True)
class Paint:
    """The button's colour and its text's, in light and in dark."""

    light: str
    on_light: str
    dark: str
    on_dark: str


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What a project has of its own; `logo` is a picture's bytes, `wording` kind -> {subject, text}."""

    colour: str | None = None
    logo: bytes | None = field(default=None, repr=False)
    logo_type: str | None = None
    support: str | None = None
    language: str | None = None
    wording: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


PLAIN: Final = Letterhead()


@lru_cache(maxsize=256)
def paint(colour: str | None) -> Paint:
    """Give the colours for a project's own (`#3a47c4`), or for ours.

    The button has to stand out from the paper, so a colour too near to it is made darker or lighter.
    """
    light, dark = (_standing_out(colour or OURS, paper) for paper in _PAPER.values())
    return Paint(light, _legible_on(light), dark, _legible_on(dark))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _standing_out(colour: str, paper: str) -> str:
    target = "#000000" if _luminance(paper) > 0.5 else "#ffffff"
    steps = (_mixed(colour, target, step / 20) for step in range(21))
    return next(mixed for mixed in steps if contrast(mixed, paper) >= LEAST)


def _legible_on(colour: str) -> str:
    return max(_INK.values(), key=lambda ink: contrast(ink, colour))


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
