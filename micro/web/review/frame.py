"""The blueprint of the reviewer's desk, and what its pages share: whose records, and which of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict

from micro.core.review import REASONS
from micro.data.models import Record
from micro.services.review.filters import AGES, BANDS, STATES, WHOSE, QueueFilters
from micro.web.context import current_person
from micro.web.forms import storable

blueprint = Blueprint("review", __name__)


def institutions() -> tuple[int, ...] | None:
    """The institutions whose records this person reviews; None for all."""
    person = current_person()
    return None if person.is_network_admin else tuple(person.roles or ())


def account_id() -> int:
    return current_person().account_id or 0


def may_review(record: Record) -> bool:
    """Whether this person reviews for the record's institution; where no address names it, it is asked here."""
    return current_person().may_review(record.project.collection.institution_id)


def number_sent(name: str) -> int:
    """A number of the form, -1 when it is none that the database could hold."""
    number = request.form.get(name, -1, int)
    return number if 0 <= number < 2**31 else -1


def text_sent(name: str) -> str:
    return storable(request.form.get(name, ""))


def filters_from(args: MultiDict[str, str]) -> QueueFilters:
    """The filters that an address names; what is unknown in it is left out."""
    state, age, whose = args.get("state", ""), args.get("age", ""), args.get("whose", "")
    state = state if state in STATES else "review"
    return QueueFilters(
        project=storable(args.get("project", "")),
        state=state,
        reasons=tuple(reason for reason in REASONS if reason in args.getlist("reason")) if state == "review" else (),
        bands=tuple(band for band in BANDS if band in args.getlist("band")),
        least=_share(args.get("least", "")),
        most=_share(args.get("most", "")),
        age=age if age in AGES else "",
        contributor=storable(args.get("contributor", "")).strip()[:40],
        whose=whose if whose in WHOSE else "everybody",
        account_id=account_id(),
    )


def filter_args(filters: QueueFilters) -> dict[str, Any]:
    """The way back, for addresses; what is as usual is left out."""
    given: dict[str, Any] = {
        "project": filters.project,
        "state": "" if filters.state == "review" else filters.state,
        "reason": filters.reasons,
        "band": filters.bands,
        "least": _percent(filters.least),
        "most": _percent(filters.most),
        "age": filters.age,
        "contributor": filters.contributor,
        "whose": "" if filters.whose == "everybody" else filters.whose,
    }
    return {name: value for name, value in given.items() if value not in ("", ())}


def _share(typed: str) -> float | None:
    """A percentage as a share of 1; None for nothing, and for what is none."""
    try:
        percent = float(typed.replace(",", ".").strip().rstrip("%"))
    except ValueError:
        return None
    return percent / 100 if 0 <= percent <= 100 else None


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:g}"
