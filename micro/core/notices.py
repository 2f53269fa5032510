"""The words of notifications, in both languages: for the site, and for mails, which no visitor's request writes.

Not gettext: a job has no request whose language it could speak, and what is read on the site and in a mail is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Sort = Literal["assigned", "returned", "mentioned", "queue", "finished"]
SORTS: tuple[Sort, ...] = ("assigned", "returned", "mentioned", "queue", "finished")
CHOICES = ("once", "daily", "never")
DAILY = "daily"
LANGUAGES = ("en", "fr")

# What happened, by sort: {who} a person, {name} a record, {project} a title, {count} and {most} numbers.
SENTENCES: Mapping[str, Mapping[str, str]] = {
    "assigned": {
        "en": "{who} handed you the record {name}.",
        "fr": "{who} vous a confié la notice {name}.",
    },
    "returned": {
        "en": "The record {name}, which you sent back to the volunteers, has an answer.",
        "fr": "La notice {name}, que vous aviez renvoyée aux bénévoles, a reçu une réponse.",
    },
    "mentioned": {
        "en": "{who} mentioned you: {name}.",
        "fr": "{who} vous a mentionné : {name}.",
    },
    "queue": {
        "en": "{count} records wait for review, more than {most}.",
        "fr": "{count} notices attendent une relecture, soit plus que {most}.",
    },
    "finished": {
        "en": "The project is finished.",
        "fr": "Le projet est terminé.",
    },
    "all_read": {
        "en": "Every card of the project is read.",
        "fr": "Toutes les fiches du projet sont lues.",
    },
}
SOMEBODY = {"en": "Somebody", "fr": "Quelqu’un"}
SUBJECT_ONE = {"en": "{title}: 1 notification", "fr": "{title} : 1 notification"}
SUBJECT_MANY = {"en": "{count} notifications", "fr": "{count} notifications"}
MAIL_HEAD = {"en": "Hello {name},", "fr": "Bonjour {name},"}
MAIL_END = {
    "en": "You get this because of your work on {site}. When such mails come, and which, you choose here:\n{settings}\n"
    "This link ends them all:\n{end}",
    "fr": "Vous recevez ce message en raison de votre travail sur {site}. Vous choisissez ici lesquels vous recevez, "
    "et quand :\n{settings}\nCe lien met fin à tous :\n{end}",
}


def sentence(sort: str, language: str, details: Mapping[str, Any], who: str = "") -> str:
    """What one notification says, in a language; ``who`` is the name of whoever did it, empty for one that is gone.

    >>> sentence("queue", "en", {"count": 12, "most": 10})
    '12 records wait for review, more than 10.'
    """
    words = SENTENCES[str(details.get("says") or sort)]
    filled = {name: details.get(name, "") for name in ("name", "count", "most")}
    return words.get(language, words["en"]).format(who=who or spoken(SOMEBODY, language), **filled)


def spoken(words: Mapping[str, str], language: str) -> str:
    """The words in a language, else in English."""
    return words.get(language, words["en"])
