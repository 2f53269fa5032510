"""What a new project may begin with: its form, and the way its scans are to be cut. Data, in both languages.

Nothing here is final: the form is changed in the form builder, and the cutting is chosen on its own page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from micro.errors import BadAnswer

Words = Mapping[str, str]
"""A text by language: {"en": …, "fr": …}."""


@dataclass(frozen=True)
class ProjectTemplate:
    """A beginning: ``purpose`` is what it is for, ``asks`` what a volunteer is asked. ``form`` is a setup's body.

    ``cutting`` is the way that fits, see core/cutting.py: template, lines, grid or whole.
    """

    slug: str
    name: Words
    purpose: Words
    asks: Words
    cutting: str
    form: Mapping[str, Any]
    kind: str = "transcribe"

    @property
    def fields(self) -> tuple[Mapping[str, str], ...]:
        """The labels of its fields, by language."""
        return tuple(field["label"] for field in self.form["fields"])


def _words(english: str, french: str) -> Words:
    return {"en": english, "fr": french}


def _field(name: str, type_: str, label: Words, hint: Words | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, "label": label, **({"hint": hint} if hint else {}), **more}


def _choice(code: str, english: str, french: str) -> dict[str, Any]:
    return {"code": code, "label": _words(english, french)}


AS_WRITTEN = _words(
    "Copy it as it stands, with capitals, abbreviations and odd spellings.",
    "Copiez tel quel, avec les majuscules, les abréviations et l’orthographe du document.",
)

CARDS = ProjectTemplate(
    "cards",
    _words("Index cards", "Fiches"),
    _words(
        "A drawer of cards of one layout: finds, holdings, people.",
        "Un tiroir de fiches de même présentation : objets, collections, personnes.",
    ),
    _words(
        "Copies one card into a form of a few small fields.", "Recopie une fiche dans un formulaire de quelques champs."
    ),
    "template",
    {
        "fields": [
            _field("object", "text", _words("Object", "Objet"), AS_WRITTEN),
            _field(
                "material",
                "choice",
                _words("Material", "Matière"),
                width="half",
                choices=[
                    _choice("bronze", "Bronze", "Bronze"),
                    _choice("iron", "Iron", "Fer"),
                    _choice("gold", "Gold", "Or"),
                    _choice("pottery", "Pottery", "Céramique"),
                    _choice("stone", "Stone", "Pierre"),
                    _choice("bone", "Bone", "Os"),
                    _choice("other", "Something else", "Autre"),
                ],
            ),
            _field("length", "number", _words("Length", "Longueur"), units=["cm", "mm", "in"], width="half"),
            _field(
                "findspot",
                "text",
                _words("Found at", "Lieu de découverte"),
                _words(
                    "The place, with every word before it: “near”, “field at”.",
                    "Le lieu, avec les mots qui le précèdent : « près de », « champ à ».",
                ),
            ),
            _field("found_on", "date", _words("Found on", "Date de découverte")),
            _field("notes", "long_text", _words("Notes", "Remarques"), AS_WRITTEN),
        ]
    },
)

LINES = ProjectTemplate(
    "lines",
    _words("Handwritten pages, line by line", "Pages manuscrites, ligne par ligne"),
    _words(
        "Letters, diaries, wills, of which a program has found the lines (ALTO or PAGE files).",
        "Lettres, journaux, testaments dont un logiciel a repéré les lignes (fichiers ALTO ou PAGE).",
    ),
    _words("Reads one line at a time.", "Lit une ligne à la fois."),
    "lines",
    {"fields": [_field("line", "text", _words("This line", "Cette ligne"), AS_WRITTEN)]},
)

ROWS = ProjectTemplate(
    "rows",
    _words("Rows of a register", "Lignes d’un registre"),
    _words(
        "Registers and day books with printed columns and one entry in each row.",
        "Registres et répertoires à colonnes imprimées, une inscription par ligne.",
    ),
    _words("Copies one row, column by column.", "Recopie une ligne, colonne par colonne."),
    "grid",
    {
        "fields": [
            _field("number", "text", _words("Number", "Numéro"), width="half"),
            _field("date", "date", _words("Date", "Date"), width="half"),
            _field("nature", "text", _words("Kind of entry", "Nature de l’acte"), AS_WRITTEN),
            _field("names", "long_text", _words("Names", "Noms"), AS_WRITTEN),
            _field("remarks", "long_text", _words("Remarks", "Observations")),
        ]
    },
)

PHOTOGRAPHS = ProjectTemplate(
    "photographs",
    _words("Photographs to tag", "Photographies à étiqueter"),
    _words(
        "Photographs, drawings and objects that shall be found by what they show.",
        "Photographies, dessins et objets que l’on doit retrouver par ce qu’ils montrent.",
    ),
    _words(
        "Chooses labels for what a picture shows, and may add new ones.",
        "Choisit des étiquettes pour ce que montre l’image, et peut en ajouter.",
    ),
    "whole",
    {
        "fields": [
            _field(
                "shows",
                "tags",
                _words("What does the picture show?", "Que montre l’image ?"),
                _words("As many labels as fit.", "Autant d’étiquettes qu’il convient."),
                free=True,
                choices=[
                    _choice("people", "People", "Personnes"),
                    _choice("building", "Building", "Bâtiment"),
                    _choice("street", "Street", "Rue"),
                    _choice("landscape", "Landscape", "Paysage"),
                    _choice("object", "Object", "Objet"),
                    _choice("animal", "Animal", "Animal"),
                    _choice("vehicle", "Vehicle", "Véhicule"),
                ],
            )
        ]
    },
    kind="tag",
)

PAGES = ProjectTemplate(
    "pages",
    _words("Whole pages as one text", "Pages entières, d’un seul tenant"),
    _words(
        "Short letters, postcards and typed pages, when nothing has found their lines.",
        "Lettres courtes, cartes postales et pages dactylographiées dont les lignes ne sont pas repérées.",
    ),
    _words("Writes out a whole page, line by line.", "Transcrit une page entière, ligne par ligne."),
    "whole",
    {
        "fields": [
            _field(
                "text",
                "long_text",
                _words("What the page says", "Texte de la page"),
                _words("Line by line, as it stands.", "Ligne par ligne, tel quel."),
            )
        ]
    },
)

TEXTS = ProjectTemplate(
    "texts",
    _words("Whole pages, line after line", "Pages entières, ligne après ligne"),
    _words(
        "Wills, letters and registers to be written out in full, with deletions, additions and abbreviations.",
        "Testaments, lettres et registres à transcrire en entier, avec ratures, ajouts et abréviations.",
    ),
    _words(
        "Writes out one page; where ALTO or PAGE files name the lines, each has an input of its own.",
        "Transcrit une page ; si des fichiers ALTO ou PAGE en donnent les lignes, chacune a sa case.",
    ),
    "whole",
    {
        "palette": ["é", "è", "ê", "à", "ç", "œ", "«", "»"],
        "fields": [
            _field(
                "text",
                "lines",
                _words("What the page says", "Texte de la page"),
                _words(
                    "Keep the spelling and the capitals. Strokes that only fill a line are not copied.",
                    "Gardez l’orthographe et les majuscules. Les traits de remplissage ne se recopient pas.",
                ),
                markup=["unclear", "del", "add", "sup", "abbr", "lang"],
            )
        ],
    },
    kind="text",
)

SORTING = ProjectTemplate(
    "sorting",
    _words("Pictures to sort", "Images à classer"),
    _words(
        "Questions with answers to choose from, the next of which depends on the answer: objects, photographs, pages.",
        "Des questions à choix, dont la suivante dépend de la réponse : objets, photographies, pages.",
    ),
    _words("Answers a few questions about one picture.", "Répond à quelques questions sur une image."),
    "whole",
    {
        "fields": [
            _field(
                "shows",
                "choice",
                _words("What is in the picture?", "Que montre l’image ?"),
                choices=[
                    _choice("object", "An object", "Un objet"),
                    _choice("people", "People", "Des personnes"),
                    _choice("place", "A place", "Un lieu"),
                    _choice("writing", "Only writing", "Seulement de l’écriture"),
                ],
            ),
            _field(
                "damage",
                "choice",
                _words("Is the object whole?", "L’objet est-il entier ?"),
                only_if={"field": "shows", "is": ["object"]},
                choices=[
                    _choice("whole", "Whole", "Entier"),
                    _choice("broken", "Broken", "Cassé"),
                ],
            ),
            _field(
                "writing",
                "choice",
                _words("How is it written?", "Comment est-ce écrit ?"),
                only_if={"field": "shows", "is": ["writing"]},
                choices=[
                    _choice("hand", "By hand", "À la main"),
                    _choice("machine", "By machine", "À la machine"),
                    _choice("both", "Both", "Les deux"),
                ],
            ),
        ]
    },
    kind="classify",
)

EMPTY = ProjectTemplate(
    "empty",
    _words("Something else", "Autre chose"),
    _words(
        "You build the form yourself, beginning with one field.",
        "Vous composez le formulaire vous-même, à partir d’un seul champ.",
    ),
    _words("Whatever your form asks.", "Ce que demande votre formulaire."),
    "template",
    {"fields": [_field("text", "text", _words("Text", "Texte"))]},
)

TEMPLATES = (CARDS, LINES, ROWS, PHOTOGRAPHS, PAGES, TEXTS, SORTING, EMPTY)


def template_named(slug: str) -> ProjectTemplate:
    """The template with this slug; BadAnswer("template") when there is none."""
    for template in TEMPLATES:
        if template.slug == slug:
            return template
    raise BadAnswer("template", "Choose what the project begins with.")


def first_setup(template: ProjectTemplate) -> dict[str, Any]:
    """The body of the first setup of a project that begins with this template, which it names."""
    return {**template.form, "template": template.slug}


def fitting_cutting(setup: Mapping[str, Any]) -> str:
    """The way of cutting that fits a form which was begun from a template; empty when its setup names none."""
    return next((template.cutting for template in TEMPLATES if template.slug == setup.get("template")), "")
