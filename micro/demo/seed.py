"""The demonstration: two institutions, their people and two drawers of cards, ready to be transcribed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.accounts import DEMO_PASSWORD
from micro.data.models import Account, Institution, Project
from micro.demo.draw import BOXES, CARD_SIZE_PX
from micro.demo.drawer import read_truth, write_drawer
from micro.demo.first_visit import CARDS_KNOWN, EXAMPLES, GUIDE
from micro.house import House
from micro.jobs import drain_intake
from micro.services import accounts, gold, guides, intake, projects
from micro.services.plans import project_from_plan

PASSWORD = DEMO_PASSWORD
PEOPLE = (("volunteer", "Ada", ""), ("reviewer", "Ben", "reviewer"), ("manager", "Mia", "manager"))
CARDS, SEED = 12, 7
FIELDS = ("object", "material", "length", "findspot", "found_on", "description")

MATERIALS = {
    "bronze": ("Bronze", "Bronze"),
    "iron": ("Iron", "Fer"),
    "gold": ("Gold", "Or"),
    "pottery": ("Pottery", "Céramique"),
    "stone": ("Stone", "Pierre"),
    "bone": ("Bone", "Os"),
}

FORM: dict[str, Any] = {
    "fields": [
        {
            "name": "object",
            "type": "text",
            "label": {"en": "Object", "fr": "Objet"},
            "hint": {"en": "Copy it as it stands, capitals and all.", "fr": "Copiez tel quel, majuscules comprises."},
        },
        {
            "name": "material",
            "type": "choice",
            "width": "half",
            "label": {"en": "Material", "fr": "Matière"},
            "choices": [{"code": code, "label": {"en": en, "fr": fr}} for code, (en, fr) in MATERIALS.items()],
        },
        {
            "name": "length",
            "type": "number",
            "width": "half",
            "units": ["cm", "mm"],
            "label": {"en": "Length", "fr": "Longueur"},
        },
        {
            "name": "findspot",
            "type": "text",
            "label": {"en": "Found at", "fr": "Lieu"},
            "hint": {
                "en": "The place, with every word before it: “near”, “field at”.",
                "fr": "Le lieu, avec les mots qui le précèdent : « près de », « champ à ».",
            },
        },
        {"name": "found_on", "type": "date", "label": {"en": "Found on", "fr": "Date"}},
        {
            "name": "description",
            "type": "long_text",
            "label": {"en": "Notes", "fr": "Description"},
            "hint": {"en": "Line by line, as on the card.", "fr": "Ligne par ligne, comme sur la fiche."},
        },
    ]
}


def cutting_template() -> dict[str, Any]:
    """The demo cards' named boxes as a cutting template: all fields of one task."""
    width, height = CARD_SIZE_PX
    return {
        "boxes": [
            {"name": name, "x": x / width, "y": y / height, "width": w / width, "height": h / height}
            for name, (x, y, w, h) in BOXES.items()
            if name in FIELDS
        ]
    }


ASKED: dict[str, Any] = {
    "form": FORM,
    "boxes": cutting_template()["boxes"],
    "min_answers": 2,
    "max_answers": 5,
    "target_confidence": 0.6,
}
PROJECTS: tuple[dict[str, Any], ...] = (
    {
        **ASKED,
        "slug": "harrowby-finds",
        "content_language": "en",
        "institution": {"slug": "harrowby", "name": "Harrowby Museum", "accent": "harrowby"},
        "collection": "Catalogue of finds",
        "texts": {
            "en": {
                "title": "What the river gave back",
                "lead": "A drawer of cards describes axes, brooches and pots "
                "found along one river. Help us read the handwriting, so that anyone can search it.",
                "about": "Each card was written when a find came to the museum, often by the curator who had just "
                "washed it. The cards are the only record of where things were found. Once they are typed, finds can "
                "be put on a map and compared with those of other museums.",
            },
            "fr": {
                "title": "Ce que la rivière a rendu",
                "lead": "Un tiroir de fiches décrit des haches, des fibules et "
                "des pots trouvés le long d’une rivière. Aidez-nous à les lire, pour que chacun puisse y chercher.",
                "about": "Chaque fiche a été écrite à l’arrivée d’un objet au musée, souvent par le conservateur qui "
                "venait de le laver. Les fiches seules disent où les objets furent trouvés. Une fois saisies, on peut "
                "les placer sur une carte et les comparer à celles d’autres musées.",
            },
        },
    },
    {
        **ASKED,
        "slug": "valmont-trouvailles",
        "content_language": "fr",
        "institution": {"slug": "valmont", "name": "Musée de Valmont", "accent": "valmont"},
        "collection": "Fiches des trouvailles",
        "texts": {
            "en": {
                "title": "A drawer in Valmont",
                "lead": "Cards in French, in several hands. You copy what you see: no French is needed.",
                "about": "The museum of Valmont described its finds on cards. Each is read by at "
                "least two people, and where they differ a curator decides.",
            },
            "fr": {
                "title": "Un tiroir à Valmont",
                "lead": "Des fiches en français, de plusieurs mains. Vous copiez ce que vous voyez.",
                "about": "Le musée de Valmont a décrit ses trouvailles sur des fiches. Chacune est "
                "lue par deux personnes au moins ; là où elles diffèrent, un conservateur tranche.",
            },
        },
    },
)


def make_demo(house: House, say: Callable[[str], None]) -> None:
    """Makes the demo's people and projects and takes in its cards; what is there already stays as it is."""
    with house.database.writing() as session:
        for plan in PROJECTS:
            if session.scalar(select(Project.id).where(Project.slug == plan["slug"])) is None:
                project_from_plan(session, plan, house.clock())
        _people(session, house)
    for number, plan in enumerate(PROJECTS):
        folder = house.settings.folder / "demo" / plan["slug"]
        if not (folder / "truth.json").exists():
            say(f"drawing {CARDS} cards for “{plan['texts']['en']['title']}”")
            write_drawer(folder, CARDS, plan["content_language"], SEED + number)
        take_in_folder(house, plan["slug"], folder)
        prepare_first_visit(house, plan["slug"], folder)


def take_in_folder(house: House, slug: str, folder: Path) -> None:
    """Takes in a folder, here and now, and opens the project when it was a draft."""
    with house.database.writing() as session:
        project = projects.project_named(session, slug)
        delivery = intake.deliver_folder(session, project, folder, house.clock()).id
    drain_intake(house, delivery)
    with house.database.writing() as session:
        project = projects.project_named(session, slug)
        if project.state == "draft":
            projects.move_project(session, project, "live", None, house.clock(), "demonstration")


def prepare_first_visit(house: House, slug: str, folder: Path) -> None:
    """Marks the last cards of the drawer as practice, and writes the guide; what is there already stays as it is."""
    known = list(read_truth(folder).values())[-CARDS_KNOWN:]
    with house.database.writing() as session:
        project = projects.project_named(session, slug)
        if gold.gold_rows(session, project)[1]:
            return
        for truth in known:
            item = gold.item_called(session, project, truth.identifier)
            gold.mark_typed(session, project, item, truth.fields, "practice", None, house.clock(), decides=False)
        guide = guides.change_texts(session, project, GUIDE, 0, house.clock())
        for field, captions in EXAMPLES:
            card = next((truth for truth in known if "value" in truth.fields[field]), known[0]).identifier
            guide = guides.add_example(session, project, card, field, "", captions, guide.revision, house.clock())


def _people(session: Session, house: House) -> None:
    """The three demo accounts, each with its role in both institutions."""
    for key, name, role in PEOPLE:
        email = f"{key}@example.org"
        if session.scalar(select(Account.id).where(Account.email == email)) is not None:
            continue
        account = accounts.create_account(
            session, email, name, PASSWORD, house.clock(), house.passwords, confirmed=True
        )
        for institution in session.scalars(select(Institution)) if role else ():
            accounts.give_role(session, account, institution, role, house.clock())
