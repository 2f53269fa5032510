"""The terms of contribution: what a volunteer agrees to before the first answer.

The words that were shown are kept with each acceptance, so a change here needs a new ``VERSION`` and is then
accepted anew. They are plain paragraphs, not gettext messages: a translation that changed silently would change
what people agreed to.
"""

from __future__ import annotations

from micro.core.licences import licence_name, licence_url

VERSION = "2026-1"

_WORDING: dict[str, tuple[str, ...]] = {
    "en": (
        "What I write here is my own reading of the scan. I copy what I see, and mark what I only guess as not sure.",
        "I give my contributions to this project under its licence, {licence}. "
        "Anyone may use them on these terms, for ever; I cannot take them back once they are published.",
        "My contributions are published under a pseudonym. My e-mail address and my account are never published.",
        "Names and stories on old papers can belong to people whose families are alive. I treat them with respect.",
        "I take part of my own free will, without pay, and can stop at any time.",
    ),
    "fr": (
        "Ce que j’écris ici est ma propre lecture de l’image. Je copie ce que je vois et marque comme incertain "
        "ce que je ne fais que supposer.",
        "Je donne mes contributions à ce projet sous sa licence, {licence}. "
        "Chacun peut les utiliser à ces conditions, pour toujours ; je ne peux plus les reprendre une fois publiées.",
        "Mes contributions sont publiées sous un pseudonyme. Mon adresse électronique et mon compte "
        "ne sont jamais publiés.",
        "Les noms et les histoires des vieux papiers peuvent toucher des personnes dont les familles sont en vie. "
        "Je les traite avec respect.",
        "Je participe de mon plein gré, sans rémunération, et peux m’arrêter à tout moment.",
    ),
}
_ANY_LICENCE = {"en": "an open licence that is named on its page", "fr": "une licence ouverte indiquée sur sa page"}


def wording(language: str, licence: str = "") -> tuple[str, ...]:
    """The terms as paragraphs in ``language``, in English where there is no translation.

    ``licence`` is the project's SPDX identifier; without one, the terms speak of no licence in particular.

    >>> wording("en", "CC-BY-4.0")[1][:65]
    'I give my contributions to this project under its licence, CC BY '
    """
    spoken = language if language in _WORDING else "en"
    return tuple(paragraph.format(licence=_named(licence, spoken)) for paragraph in _WORDING[spoken])


def _named(licence: str, language: str) -> str:
    if not licence:
        return _ANY_LICENCE[language]
    address = licence_url(licence)
    return f"{licence_name(licence)} ({address})" if address else licence_name(licence)
