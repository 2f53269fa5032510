"""Forms that ask all that can be asked, and what they need: lines of a page, a vocabulary."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from micro.data.models import Project, Scan
from micro.house import House
from micro.services import layouts, vocabularies
from tests.core.test_layout_reading import alto, in_block

PARISHES = ["Châlons", "Chelles", "Old Chelles", "Melun"]
CARD: dict[str, Any] = {
    "palette": ["é", "½", "†"],
    "fields": [
        {"name": "parish", "type": "text", "label": {"en": "Parish", "fr": "Paroisse"}, "suggest": "parishes"},
        {
            "name": "metal",
            "type": "choice",
            "label": {"en": "Metal", "fr": "Métal"},
            "choices": [{"code": code, "label": {"en": code.title()}} for code in ("bronze", "gold", "none")],
        },
        {
            "name": "alloy",
            "type": "text",
            "label": {"en": "Alloy", "fr": "Alliage"},
            "only_if": {"field": "metal", "is": ["bronze", "gold"]},
        },
        {
            "name": "length",
            "type": "number",
            "label": {"en": "Length", "fr": "Longueur"},
            "units": ["cm"],
            "checks": {"least": 1, "most": 60},
        },
        {
            "name": "notes",
            "type": "long_text",
            "label": {"en": "Notes", "fr": "Notes"},
            "markup": ["unclear", "del", "add"],
            "checks": {"signs": ""},
        },
        {
            "name": "finds",
            "type": "table",
            "label": {"en": "Finds", "fr": "Trouvailles"},
            "columns": [
                {"name": "what", "type": "text", "label": {"en": "What", "fr": "Quoi"}, "width": "half"},
                {
                    "name": "weight",
                    "type": "number",
                    "label": {"en": "Weight", "fr": "Poids"},
                    "units": ["g"],
                    "width": "half",
                },
            ],
        },
    ],
}
PAGE: dict[str, Any] = {
    "palette": ["é", "œ"],
    "fields": [
        {
            "name": "text",
            "type": "lines",
            "label": {"en": "What the page says", "fr": "Texte de la page"},
            "hint": {"en": "Keep the spelling.", "fr": "Gardez l’orthographe."},
            "markup": ["unclear", "del", "add", "sup", "abbr", "lang"],
        }
    ],
}
TREE: dict[str, Any] = {
    "fields": [
        {
            "name": "shows",
            "type": "choice",
            "label": {"en": "What is it?", "fr": "Qu’est-ce ?"},
            "choices": [
                {"code": "vessel", "label": {"en": "A vessel", "fr": "Un récipient"}},
                {"code": "coin", "label": {"en": "A coin", "fr": "Une monnaie"}},
            ],
        },
        {
            "name": "part",
            "type": "choice",
            "label": {"en": "Which part of it?", "fr": "Quelle partie ?"},
            "only_if": {"field": "shows", "is": ["vessel"]},
            "choices": [
                {"code": "whole", "label": {"en": "All of it", "fr": "Tout"}},
                {"code": "sherd", "label": {"en": "A sherd", "fr": "Un tesson"}},
            ],
        },
        {
            "name": "decor",
            "type": "tags",
            "label": {"en": "What is on it?", "fr": "Quel décor ?"},
            "only_if": {"field": "part", "is": ["sherd"]},
            "choices": [
                {"code": "lines", "label": {"en": "Lines", "fr": "Lignes"}},
                {"code": "dots", "label": {"en": "Dots", "fr": "Points"}},
            ],
        },
    ]
}


def with_lines(session: Session, house: House, project: Project) -> None:
    """A layout of three lines beside every scan."""
    lines = "".join(
        f'<TextLine ID="l{n}" HPOS="40" VPOS="{40 + 60 * n}" WIDTH="300" HEIGHT="30"><String CONTENT="a"/></TextLine>'
        for n in range(3)
    )
    for scan in session.query(Scan).filter_by(project_id=project.id):
        content = alto(in_block(lines), page='WIDTH="400" HEIGHT="300"')
        layout = layouts.attach_layout(
            session, project, f"{scan.file_name}.xml", content, f"layouts/{scan.id}.xml", house.clock()
        )
        layout.certain = True


def with_parishes(session: Session, house: House, project: Project) -> None:
    """The vocabulary that CARD suggests from."""
    made = vocabularies.make_vocabulary(session, project.collection.institution, "Parishes", house.clock())
    for number, name in enumerate(PARISHES):
        vocabularies.add_concept(session, made, {"code": f"p{number}", "en": name}, house.clock())
