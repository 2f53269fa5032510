"""The guide of a project: its texts by language, with pictures of example letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.core.guide import checked_text
from micro.data.models import Guide, Item, Project, Region, Scan
from micro.errors import BadAnswer, Conflict
from micro.services.gold import item_called

EXAMPLES_MOST = 24
CAPTION_LONGEST = 200
SMALLEST_PX = 8


@dataclass(frozen=True)
class Example:
    """A picture of letters in a guide: a box on a scan that is shown, with its captions by language."""

    scan: Scan
    box: Box
    captions: Mapping[str, str]
    number: int


def guide_of(session: Session, project_id: int) -> Guide | None:
    return session.scalar(select(Guide).where(Guide.project_id == project_id))


def examples_of(session: Session, guide: Guide | None) -> list[Example]:
    """The examples of a guide whose scans are shown, in order; ``number`` is their place in it, from 0."""
    if guide is None or not guide.examples:
        return []
    wanted = {one["scan"] for one in guide.examples}
    shown = Scan.project_id == guide.project_id, Scan.state == "shown", Scan.width_px > 0
    scans = {scan.public_id: scan for scan in session.scalars(select(Scan).where(Scan.public_id.in_(wanted), *shown))}
    return [
        Example(scans[one["scan"]], Box(*one["box"]), one["captions"], number)
        for number, one in enumerate(guide.examples)
        if one["scan"] in scans
    ]


def cards_to_show(session: Session, project: Project, most: int) -> list[str]:
    """The identifiers of some cards whose scans are shown, in the order in which they came."""
    shown = Scan.project_id == project.id, Scan.state == "shown", Scan.width_px > 0
    found = select(Item.identifier).join(Scan, Item.scan_id == Scan.id).where(*shown).order_by(Item.id).limit(most)
    return list(session.scalars(found))


def change_texts(session: Session, project: Project, typed: Mapping[str, str], seen: int, now: datetime) -> Guide:
    """Keeps the texts by language. Conflict when the guide changed since its ``seen`` revision."""
    guide = _held(session, project, seen, now)
    guide.texts = {language: text for language in typed if (text := checked_text(language, typed[language]))}
    return _changed(session, guide, now)


def add_example(
    session: Session,
    project: Project,
    card: str,
    field: str,
    box: str,
    captions: Mapping[str, str],
    seen: int,
    now: datetime,
) -> Guide:
    """Adds a picture: of a card, the place of a ``field``, or the ``box`` that was drawn or typed ("x y width height").

    BadAnswer("card", "box" or "caption") for what cannot be used, Conflict when the guide changed meanwhile.
    """
    guide = _held(session, project, seen, now)
    if len(guide.examples) >= EXAMPLES_MOST:
        raise Conflict("A guide has at most %(most)s pictures: take one away first.", most=EXAMPLES_MOST)
    item = item_called(session, project, card)
    kept = {language: text for language in captions if (text := " ".join(captions[language].split()))}
    if not kept:
        raise BadAnswer("caption", "Tell in a few words what the picture shows, in one language at least.")
    if max(map(len, kept.values())) > CAPTION_LONGEST:
        raise BadAnswer("caption", "Please take at most %(most)s characters.", most=CAPTION_LONGEST)
    place = _typed_box(box, item.scan) if box.strip() else _box_of(session, item.scan, item.id, field)
    made = {"scan": item.scan.public_id, "box": [place.x, place.y, place.width, place.height], "captions": kept}
    guide.examples = [*guide.examples, made]
    return _changed(session, guide, now)


def remove_example(session: Session, project: Project, number: int, seen: int, now: datetime) -> Guide:
    """Takes a picture away; Conflict when the guide changed since, so that the number may be another's."""
    guide = _held(session, project, seen, now)
    guide.examples = [one for place, one in enumerate(guide.examples) if place != number]
    return _changed(session, guide, now)


def _typed_box(typed: str, scan: Scan) -> Box:
    parts = typed.replace(",", " ").split()
    if len(parts) != 4 or not all(part.isdecimal() and len(part) < 7 for part in parts):
        raise BadAnswer("box", "A part of a scan is four whole numbers: left, top, width and height in pixels.")
    x, y, width, height = map(int, parts)
    width, height = min(width, scan.width_px - x), min(height, scan.height_px - y)
    if width < SMALLEST_PX or height < SMALLEST_PX:
        raise BadAnswer(
            "box",
            "This part is too small, or outside of the scan, which is %(width)s by %(height)s pixels.",
            width=scan.width_px,
            height=scan.height_px,
        )
    return Box(x, y, width, height)


def _box_of(session: Session, scan: Scan, item_id: int, field: str) -> Box:
    """Where the field is read on the card, else the whole card."""
    regions = list(session.scalars(select(Region).where(Region.item_id == item_id, Region.scan_id == scan.id)))
    holding = [region for region in regions if field in region.fields] or regions
    best = min(holding, key=lambda region: region.width_px * region.height_px, default=None)
    if best is None:
        return Box(0, 0, scan.width_px, scan.height_px)
    return Box(best.x_px, best.y_px, best.width_px, best.height_px)


def _held(session: Session, project: Project, seen: int, now: datetime) -> Guide:
    """The guide, made when there is none; Conflict when it is not the one that was seen."""
    guide = guide_of(session, project.id)
    if guide is None:
        guide = Guide(project_id=project.id, texts={}, examples=[], revision=0, changed_at=now)
        try:
            with session.begin_nested():
                session.add(guide)
                session.flush()
        except IntegrityError:
            raise _moved() from None
    else:
        session.refresh(guide, with_for_update=True)
    if guide.revision != seen:
        raise _moved()
    return guide


def _moved() -> Conflict:
    return Conflict("Somebody else has changed this guide meanwhile. Please look at it once more.")


def _changed(session: Session, guide: Guide, now: datetime) -> Guide:
    guide.revision, guide.changed_at = guide.revision + 1, now
    session.flush()
    return guide
