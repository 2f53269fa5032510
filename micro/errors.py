"""Every deliberate error of micro.

``str(error)`` is one English sentence for the person who meets it; the web translates ``sentence`` (a gettext
message) and fills in ``values``. Whatever is only for the log is an attribute. One table in web/problems.py turns
each class into a status, as HTML and as problem+json (RFC 9457).
"""

from __future__ import annotations


def to_translate(sentence: str) -> str:
    """Marks a sentence that is kept under a name before an error says it, so that it reaches the catalogues."""
    return sentence


class MicroError(Exception):
    """Base of all. ``sentence`` is a gettext message id with %(name)s places, ``values`` fills them."""

    def __init__(self, sentence: str, /, **values: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values

    def __str__(self) -> str:
        return self.sentence % self.values if self.values else self.sentence


class NotFound(MicroError):
    """There is nothing at this address, or nothing that this person may know of."""


class NotAllowed(MicroError):
    """The person is known and may not do this."""


class SignInNeeded(NotAllowed):
    """The person has to sign in first."""


class Conflict(MicroError):
    """Somebody else was faster, or what the person saw is no longer so."""


class Closed(MicroError):
    """It was there once and is over: a project that is archived, a link that was used."""


class BadAnswer(MicroError):
    """What was sent cannot be taken. ``field`` names the place, or is empty for the whole; ``others`` are the rest."""

    def __init__(self, field: str, sentence: str, /, **values: object) -> None:
        super().__init__(sentence, **values)
        self.field = field
        self.others: tuple[BadAnswer, ...] = ()


class TooMuch(MicroError):
    """Too many tries or too large; ``wait_s`` tells when to come back, in seconds."""

    def __init__(self, sentence: str, /, wait_s: int = 0, **values: object) -> None:
        super().__init__(sentence, **values)
        self.wait_s = wait_s


class OutsideFailed(MicroError):
    """Storage, mail or the queue did not do its part; ``permanent`` errors are not tried again."""

    def __init__(self, sentence: str, /, permanent: bool = False, **values: object) -> None:
        super().__init__(sentence, **values)
        self.permanent = permanent


class NotOffered(MicroError):
    """A program asks for something that its standard allows and that micro does not do."""


class BadPicture(MicroError):
    """A file is refused as a scan; the sentence is the reason."""
