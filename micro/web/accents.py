"""The colours that an institution may choose, with their contrast as it is measured from the style sheet.

Contrast is that of WCAG 2.2 (1.4.3): from 1 to 21, and at least 4.5 for text. A test holds every accent to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask_babel import gettext

from micro.services.institutions import ACCENTS

TOKENS = Path(__file__).parents[1] / "static" / "css" / "tokens.css"
_BLOCK = re.compile(r"(:root|\[data-institution=\"(\w+)\"\])\s*\{([^}]*)\}")
_VALUE = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{3,6})")


@dataclass(frozen=True)
class Accent:
    """A colour by its slug and name; ``contrast`` is its lowest, of text and of buttons, on light and on dark."""

    slug: str
    name: str
    contrast: float


def accents() -> list[Accent]:
    """The accents with their names in the visitor's language."""
    names = {
        "": gettext("Teal, the network’s own"),
        "valmont": gettext("Ink blue"),
        "notarial": gettext("Mulberry"),
        "harrowby": gettext("Moss"),
        "kesten": gettext("Umber"),
    }
    return [Accent(slug, names[slug], lowest_contrast(slug)) for slug in ACCENTS]


@cache
def lowest_contrast(slug: str) -> float:
    """The lowest contrast of an accent: as text on paper, sheet and its own wash, and under a button's words."""
    light, _, dark = TOKENS.read_text(encoding="utf-8").partition("@media (prefers-color-scheme: dark)")
    return min(_lowest(_values(light, slug)), _lowest(_values(dark, slug)))


def _lowest(values: dict[str, str]) -> float:
    pairs = (("accent", "paper"), ("accent", "sheet"), ("accent", "accent-wash"), ("accent-ink", "accent"))
    return min(contrast(values[one], values[other]) for one, other in pairs)


def _values(css: str, slug: str) -> dict[str, str]:
    """The colours of one scheme as an institution with this accent has them."""
    found: dict[str, str] = {}
    for _, owner, body in _BLOCK.findall(css):
        if owner in ("", slug):
            found |= dict(_VALUE.findall(body))
    return found


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, each #rgb or #rrggbb.

    >>> contrast("#fff", "#000000"), round(contrast("#777777", "#ffffff"), 2)
    (21.0, 4.48)
    """
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    whole = "".join(sign * 2 for sign in digits) if len(digits) == 3 else digits
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
