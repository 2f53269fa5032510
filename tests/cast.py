"""The fixed cast of all tests, and a small project for them to work on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from micro.adapters.passwords import Argon2Passwords
from micro.data.models import Account, Collection, Institution, Membership, Project, Scan, Setup
from micro.house import House
from micro.services.cutting import cut_scan

PASSWORD = "a long enough password"
FORM: dict[str, Any] = {
    "fields": [
        {"name": "object", "type": "text", "label": {"en": "Object", "fr": "Objet"}},
        {
            "name": "material",
            "type": "choice",
            "label": {"en": "Material", "fr": "Matière"},
            "choices": [
                {"code": "bronze", "label": {"en": "Bronze", "fr": "Bronze"}},
                {"code": "gold", "label": {"en": "Gold", "fr": "Or"}},
            ],
        },
        {"name": "length", "type": "number", "label": {"en": "Length", "fr": "Longueur"}, "units": ["cm", "mm"]},
        {"name": "found_on", "type": "date", "label": {"en": "Found on", "fr": "Date"}},
        {"name": "notes", "type": "long_text", "label": {"en": "Notes", "fr": "Notes"}},
    ]
}
CUTTING = {
    "boxes": [
        {"name": "object", "x": 0.1, "y": 0.1, "width": 0.5, "height": 0.1},
        {"name": "material", "x": 0.1, "y": 0.25, "width": 0.5, "height": 0.1},
        {"name": "length", "x": 0.1, "y": 0.4, "width": 0.5, "height": 0.1},
        {"name": "found_on", "x": 0.1, "y": 0.55, "width": 0.5, "height": 0.1},
        {"name": "notes", "x": 0.1, "y": 0.7, "width": 0.8, "height": 0.2},
    ]
}


@dataclass
class Cast:
    """Everybody, by name; ids where a test needs them."""

    ada: Account
    ben: Account
    mia: Account
    cleo: Account
    nora: Account
    museum: Institution
    other_museum: Institution
    collection: Collection
    project: Project


def good_answer(**changed: Any) -> dict[str, Any]:
    """A complete answer to FORM; ``changed`` replaces single fields."""
    return {
        "object": {"value": "Socketed axe"},
        "material": {"value": "bronze"},
        "length": {"value": {"amount": "12.4", "unit": "cm"}},
        "found_on": {"value": "1907-10-12"},
        "notes": {"mark": "blank"},
        **changed,
    }


@cache
def hashed_password() -> str:
    """PASSWORD's hash, made once: argon2 is slow on purpose."""
    return Argon2Passwords().hash(PASSWORD)


def make_cast(session: Session, house: House) -> Cast:
    now = house.clock()
    hashed = hashed_password()

    def account(name: str, **more: Any) -> Account:
        made = Account(
            email=f"{name.lower()}@example.org",
            name=name,
            password_hash=hashed,
            session_stamp="first",
            language="en",
            email_confirmed=True,
            created_at=now,
            **more,
        )
        session.add(made)
        return made

    ada, ben, mia, cleo = (account(name) for name in ("Ada", "Ben", "Mia", "Cleo"))
    nora = account("Nora", is_network_admin=True)
    museum = Institution(slug="harrowby", name="Harrowby Museum", accent="harrowby", created_at=now)
    other = Institution(slug="valmont", name="Musée de Valmont", accent="valmont", created_at=now)
    session.add_all([museum, other])
    session.flush()
    for person, institution, role in ((ben, museum, "reviewer"), (mia, museum, "manager"), (cleo, other, "manager")):
        session.add(Membership(account=person, institution=institution, role=role, created_at=now))
    collection = Collection(institution=museum, name="Finds", created_at=now)
    session.add(collection)
    project = make_project(session, collection, now)
    return Cast(ada, ben, mia, cleo, nora, museum, other, collection, project)


def make_project(
    session: Session, collection: Collection, now: datetime, slug: str = "finds", **changed: Any
) -> Project:
    """A live project with FORM and CUTTING and no scan yet."""
    settings: dict[str, Any] = {
        "state": "live",
        "licence": "CC-BY-4.0",
        "min_answers": 2,
        "max_answers": 4,
        "target_confidence": 0.8,
        "cutting": CUTTING,
        **changed,
    }
    project = Project(
        collection=collection,
        slug=slug,
        content_language="en",
        created_at=now,
        texts={
            "en": {"title": "Catalogue of finds", "lead": "Cards in a drawer.", "about": "About."},
            "fr": {"title": "Fiches des trouvailles", "lead": "Des fiches.", "about": "À propos."},
        },
        **settings,
    )
    session.add(project)
    session.flush()
    session.add(Setup(project_id=project.id, version=1, kind="transcribe", kind_version=1, body=FORM, created_at=now))
    session.flush()
    return project


def card_picture(number: int, width: int = 400, height: int = 300) -> bytes:
    """A small JPEG that differs with ``number``."""
    image = Image.new("RGB", (width, height), "ivory")
    ImageDraw.Draw(image).text((40, 35), f"card {number}", fill="black")
    out = BytesIO()
    image.save(out, "JPEG", quality=95)
    return out.getvalue()


def add_cards(session: Session, house: House, project: Project, count: int) -> list[Scan]:
    """``count`` scans in the project, stored and cut into tasks."""
    scans = []
    for number in range(1, count + 1):
        content = card_picture(number)
        key = f"scans/test/{project.slug}-{number}.jpg"
        house.storage.put(key, content)
        scan = Scan(
            project=project,
            sha256=f"{project.id:032x}{number:032x}",
            format="JPEG",
            size_bytes=len(content),
            width_px=400,
            height_px=300,
            orientation=1,
            storage_key=key,
            file_name=f"card-{number:03}.jpg",
            identifier=f"HM {number}",
            title="",
            document="drawer",
            page_number=number,
            rights="CC0-1.0",
            credit="Drawn for a test",
            details={},
            created_at=house.clock(),
        )
        session.add(scan)
        session.flush()
        cut_scan(session, project, scan, house.clock())
        scans.append(scan)
    return scans


def signed_in(app: Flask, account: Account) -> FlaskClient:
    """A browser in which this account has signed in (without the form, which has tests of its own)."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = f"{account.public_id}.{account.session_stamp}"
        session["_fresh"] = True
    return client
