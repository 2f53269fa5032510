"""French is complete: nothing is missing, nothing is stale, nothing on a page escapes translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CHECKOUT = Path(__file__).parents[2]
ERRORS = dict.fromkeys(
    (
        "MicroError",
        "NotFound",
        "NotAllowed",
        "SignInNeeded",
        "Conflict",
        "Closed",
        "TooMuch",
        "OutsideFailed",
        "BadPicture",
        "gettext",
        "_",
        "lazy_gettext",
        "to_translate",
    ),
    None,
)
KEYWORDS = {**ERRORS, "BadAnswer": (2,), "ngettext": (1, 2)}
ROOMS = {
    "micro": ("micro", "templates"),
    **{f"tasks/{path.parent.name}": (f"tasks/{path.parent.name}",) for path in (CHECKOUT / "tasks").glob("*/kind.py")},
}


def catalogue_of(room: str) -> Catalog:
    with (CHECKOUT / room / "translations/fr/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="fr")


def messages_in(room: str) -> set[str]:
    with (CHECKOUT / "micro/translations/babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = set()
    for folder in ROOMS[room]:
        for _, _, message, _, _ in extract_from_dir(CHECKOUT / folder, methods, options, KEYWORDS):
            found.add(message[0] if isinstance(message, tuple) else message)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_message_has_a_french_translation(room: str) -> None:
    catalogue = catalogue_of(room)
    done = {
        message.id[0] if isinstance(message.id, tuple) else message.id
        for message in catalogue
        if message.id
        and not message.fuzzy
        and all([message.string] if isinstance(message.string, str) else message.string)
    }
    assert messages_in(room) - done == set()


def calls_in(room: str) -> Iterator[tuple[Path, ast.Call, list[ast.expr]]]:
    """Each call in the room's code that says something to a person, with what it says."""
    for path in sorted((CHECKOUT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
            if isinstance(node, ast.Call) and name in KEYWORDS:
                place = (KEYWORDS[name] or (1,))[0]  # Of a plural its first form.
                yield path, node, node.args[place - 1 : place]


@pytest.mark.parametrize("room", ROOMS)
def test_no_sentence_hides_from_the_catalogue_in_another_string(room: str) -> None:
    """What stands inside of an f-string is not seen by the extraction of Python 3.11."""
    said = {one.value for _, _, says in calls_in(room) for one in says if isinstance(one, ast.Constant)}
    assert said - messages_in(room) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_no_sentence_hides_from_the_catalogue_behind_a_name(room: str) -> None:
    """An error may be given a name; then the name is given to_translate("…"), or nobody would translate it."""
    names = {one.id for _, _, says in calls_in(room) for one in says if isinstance(one, ast.Name)}
    hidden = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}"
        for path in sorted((CHECKOUT / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and " " in str(node.value.value)
        if names & {target.id for target in node.targets if isinstance(target, ast.Name)}
    ]
    assert hidden == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_translation_keeps_every_place_that_is_filled_in(room: str) -> None:
    places = re.compile(r"%\((\w+)\)")
    for message in catalogue_of(room):
        if not message.id:
            continue
        english, french = ([text] if isinstance(text, str) else list(text) for text in (message.id, message.string))
        wanted = {place for text in english for place in places.findall(text)}
        for text in french:
            assert set(places.findall(text)) <= wanted, message.id
            # "One card" needs no number where the English has none.
            spared = {"num"} | (wanted - set(places.findall(english[0])))
            assert wanted - set(places.findall(text)) <= spared, message.id


@pytest.mark.parametrize("room", ROOMS)
def test_the_compiled_catalogue_is_that_of_the_source(room: str) -> None:
    compiled = BytesIO()
    write_mo(compiled, catalogue_of(room))
    kept = (CHECKOUT / room / "translations/fr/LC_MESSAGES/messages.mo").read_bytes()
    assert kept == compiled.getvalue(), "run scripts/translate"


# What may stand in a template untranslated: nothing but names, signs and figures.
UNTRANSLATED = {
    "autofocus",
    "bench",
    "ab",
    "abc",
    "micro",
    "Ctrl",
    "Enter",
    "Alt",
    "Shift",
    "CSV",
    "BibTeX",
    "CSL-JSON",
    "SHA-256",
    "Esc",
    "DOI",
    "ORCID",
}
JINJA = re.compile(r"\{[{%#].*?[}%#]\}", re.S)
MARKUP = re.compile(r"""[\w-]+="[^"]*"|<!--.*?-->|<(script|style|kbd|code)\b.*?</\1>|<[^>]+>|&\w+;""", re.S)
WORD = re.compile(r"[A-Za-zÀ-ÿ-]{2,}")
ATTRIBUTE = re.compile(r"""\b(aria-label|title|placeholder|alt)="([^"{}]*[A-Za-z]{2,}[^"{}]*)\"""")


@pytest.mark.parametrize(
    "template",
    sorted([*(CHECKOUT / "templates").rglob("*.html"), *(CHECKOUT / "tasks").rglob("*.html")]),
    ids=lambda path: path.relative_to(CHECKOUT).as_posix(),
)
def test_no_words_on_a_page_escape_translation(template: Path) -> None:
    text = JINJA.sub("", template.read_text(encoding="utf-8"))
    attributes = " ".join(found[1] for found in ATTRIBUTE.findall(text))
    words = set(WORD.findall(MARKUP.sub(" ", text) + " " + attributes)) - UNTRANSLATED
    assert not words, words


SENTENCE = re.compile(r"""["'`]([A-Z][a-z]+ [a-z]+ [^"'`\n]*)["'`]""")
COMMENT = re.compile(r"/\*.*?\*/|(^|\s)//[^\n]*", re.S)


@pytest.mark.parametrize("script", sorted((CHECKOUT / "static/js").rglob("*.js")), ids=lambda path: path.name)
def test_scripts_take_their_words_from_the_page(script: Path) -> None:
    """A sentence in a script would be English for everybody."""
    assert SENTENCE.findall(COMMENT.sub(" ", script.read_text(encoding="utf-8"))) == []
