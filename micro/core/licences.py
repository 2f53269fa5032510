"""The licences that a project may publish under, by their SPDX identifier."""

from __future__ import annotations

# SPDX identifier -> (what people call it, its deed). Open ones only: a release is meant to be used.
LICENCES = {
    "CC0-1.0": ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "CC-BY-4.0": ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "CC-BY-SA-4.0": ("CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    "ODbL-1.0": ("ODbL 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    "etalab-2.0": ("Licence Ouverte 2.0", "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"),
}


def licence_name(identifier: str) -> str:
    """What people call it; anything else is returned as it is, for a scan's rights may be any words."""
    return LICENCES[identifier][0] if identifier in LICENCES else identifier


def licence_url(identifier: str) -> str:
    """The deed's address, or empty."""
    return LICENCES[identifier][1] if identifier in LICENCES else ""
