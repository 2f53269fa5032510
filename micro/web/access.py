"""The one access table: who may use which route. A route that is not in it does not answer.

Rules that name a role need an institution; it is found from the address (the names of its parts, see ``SCOPES``).
Somebody with no role in that institution is told that there is nothing here; somebody with too small a role, that
they may not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from flask import request
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from micro.core.vocabularies import FILE_LARGEST
from micro.data.models import Batch, Collection, Institution, Intake, Project, Record, Release, Scan, Vocabulary
from micro.errors import NotAllowed, NotFound, SignInNeeded
from micro.services.people import Person
from micro.web.context import current_person, house


class Rule(Enum):
    """Who may use a route."""

    ANYONE = "anyone"
    SIGNED_IN = "whoever is signed in"
    STAFF = "whoever has a role in any institution"
    REVIEWER = "a reviewer or manager of the institution, or a network admin"
    MANAGER = "a manager of the institution, or a network admin"
    ADMIN = "a network admin"


ACCESS: Mapping[str, Rule] = {
    "static": Rule.ANYONE,
    "modules.script": Rule.ANYONE,
    "public.front": Rule.ANYONE,
    "public.projects": Rule.ANYONE,
    "public.project": Rule.ANYONE,
    "public.museum": Rule.ANYONE,
    "public.page": Rule.ANYONE,
    "public.language": Rule.ANYONE,
    "public.health": Rule.ANYONE,
    "public.kind_file": Rule.ANYONE,
    "account.sign_up": Rule.ANYONE,
    "account.sign_in": Rule.ANYONE,
    "account.sign_out": Rule.ANYONE,
    "account.confirm": Rule.ANYONE,
    "account.forgot": Rule.ANYONE,
    "account.reset": Rule.ANYONE,
    "account.me": Rule.SIGNED_IN,
    "account.api_key": Rule.SIGNED_IN,
    "me.claim": Rule.SIGNED_IN,
    "me.address": Rule.SIGNED_IN,
    "me.new_address": Rule.ANYONE,
    "bench.terms": Rule.ANYONE,
    "bench.take": Rule.ANYONE,
    "bench.work": Rule.ANYONE,
    "bench.answer": Rule.ANYONE,
    "bench.begin": Rule.ANYONE,
    "bench.draft": Rule.ANYONE,
    "bench.renew": Rule.ANYONE,
    "bench.skip": Rule.ANYONE,
    "bench.report": Rule.ANYONE,
    "bench.mine": Rule.ANYONE,
    "own.correct": Rule.ANYONE,
    "own.thank": Rule.ANYONE,
    "own.keep_credit": Rule.ANYONE,
    "comments.card": Rule.ANYONE,
    "comments.say": Rule.ANYONE,
    "comments.read_others": Rule.ANYONE,
    "practice.start": Rule.ANYONE,
    "practice.check": Rule.ANYONE,
    "practice.end": Rule.ANYONE,
    "lessons.index": Rule.ANYONE,
    "pictures.scan": Rule.ANYONE,
    "pictures.region": Rule.ANYONE,
    "suggest.labels": Rule.ANYONE,
    "iiif.service": Rule.ANYONE,
    "iiif.info": Rule.ANYONE,
    "iiif.image": Rule.ANYONE,
    "iiif.nothing": Rule.ANYONE,
    "api.project": Rule.ANYONE,
    "api.take": Rule.ANYONE,
    "api.answer": Rule.ANYONE,
    "api.renew": Rule.ANYONE,
    "api.skip": Rule.ANYONE,
    "data.index": Rule.ANYONE,
    "data.dataset": Rule.ANYONE,
    "data.release": Rule.ANYONE,
    "data.file": Rule.ANYONE,
    "review.queue": Rule.STAFF,
    "review.record": Rule.REVIEWER,
    "review.decide": Rule.REVIEWER,
    "review.undo": Rule.STAFF,
    "review.hold": Rule.REVIEWER,
    "review.contributors": Rule.REVIEWER,
    "review.past": Rule.REVIEWER,
    "review.answer_comment": Rule.REVIEWER,
    "review.move_comment": Rule.REVIEWER,
    "review.together": Rule.REVIEWER,
    "review.batch": Rule.REVIEWER,
    "notifications.index": Rule.SIGNED_IN,
    "notifications.open_one": Rule.SIGNED_IN,
    "notifications.read": Rule.SIGNED_IN,
    "notifications.settings": Rule.SIGNED_IN,
    "notifications.end": Rule.ANYONE,
    "news.all_news": Rule.ANYONE,
    "news.agree": Rule.ANYONE,
    "news.end": Rule.ANYONE,
    "manage.news": Rule.MANAGER,
    "manage.publish_news": Rule.MANAGER,
    "manage.move_news": Rule.MANAGER,
    "manage.send_message": Rule.MANAGER,
    "manage.move_message": Rule.MANAGER,
    "manage.acts": Rule.MANAGER,
    "manage.acts_file": Rule.MANAGER,
    "manage.all_acts": Rule.ADMIN,
    "manage.all_acts_file": Rule.ADMIN,
    "manage.index": Rule.STAFF,
    "manage.accept": Rule.ANYONE,
    "manage.institutions": Rule.ADMIN,
    "manage.new_institution": Rule.ADMIN,
    "manage.institution": Rule.MANAGER,
    "manage.new": Rule.MANAGER,
    "manage.staff": Rule.MANAGER,
    "manage.invite": Rule.MANAGER,
    "manage.invitation": Rule.MANAGER,
    "manage.settings": Rule.MANAGER,
    "manage.ask": Rule.MANAGER,
    "manage.trial": Rule.MANAGER,
    "manage.project": Rule.MANAGER,
    "manage.progress": Rule.MANAGER,
    "manage.progress_file": Rule.MANAGER,
    "manage.queue_limit": Rule.MANAGER,
    "manage.scans": Rule.MANAGER,
    "manage.upload": Rule.MANAGER,
    "manage.open_delivery": Rule.MANAGER,
    "manage.intake": Rule.MANAGER,
    "manage.retry_delivery": Rule.MANAGER,
    "manage.cancel_delivery": Rule.MANAGER,
    "manage.scan": Rule.MANAGER,
    "manage.describe_scan": Rule.MANAGER,
    "manage.withdraw_scan": Rule.MANAGER,
    "manage.restore_scan": Rule.MANAGER,
    "manage.erase_scan": Rule.MANAGER,
    "manage.erase_scan_files": Rule.MANAGER,
    "manage.replace_scan": Rule.MANAGER,
    "manage.put_scan_back": Rule.MANAGER,
    "manage.volunteers": Rule.MANAGER,
    "manage.volunteer": Rule.MANAGER,
    "manage.set_aside": Rule.MANAGER,
    "manage.quality": Rule.MANAGER,
    "manage.work_out_anew": Rule.MANAGER,
    "manage.count_again": Rule.MANAGER,
    "manage.known": Rule.MANAGER,
    "manage.gold_rate": Rule.MANAGER,
    "manage.mark_known": Rule.MANAGER,
    "manage.use_known": Rule.MANAGER,
    "manage.known_card": Rule.MANAGER,
    "manage.guide": Rule.MANAGER,
    "manage.add_picture": Rule.MANAGER,
    "manage.remove_picture": Rule.MANAGER,
    "manage.layouts": Rule.MANAGER,
    "manage.layout": Rule.MANAGER,
    "manage.change_layout": Rule.MANAGER,
    "manage.use_frame_for_all": Rule.MANAGER,
    "manage.form": Rule.MANAGER,
    "manage.new_field": Rule.MANAGER,
    "manage.field": Rule.MANAGER,
    "manage.move_field": Rule.MANAGER,
    "manage.palette": Rule.MANAGER,
    "manage.update_field": Rule.MANAGER,
    "manage.remove_field": Rule.MANAGER,
    "manage.put_field_back": Rule.MANAGER,
    "manage.preview": Rule.MANAGER,
    "manage.vocabularies": Rule.MANAGER,
    "manage.new_vocabulary": Rule.MANAGER,
    "manage.vocabulary": Rule.MANAGER,
    "manage.add_concept": Rule.MANAGER,
    "manage.concept": Rule.MANAGER,
    "manage.remove_concept": Rule.MANAGER,
    "manage.vocabulary_file": Rule.MANAGER,
    "manage.vocabulary_plan": Rule.MANAGER,
    "manage.export_vocabulary": Rule.MANAGER,
    "manage.remove_vocabulary": Rule.MANAGER,
    "manage.cutting": Rule.MANAGER,
    "manage.cut": Rule.MANAGER,
    "manage.cutting_look": Rule.MANAGER,
    "manage.cutting_again": Rule.MANAGER,
    "manage.cutting_cancel": Rule.MANAGER,
    "manage.cutting_discard": Rule.MANAGER,
    "manage.state": Rule.MANAGER,
    "manage.release": Rule.MANAGER,
}


# No form or JSON of ours is larger, in bytes; only uploads of scans are.
LARGEST_BODY = 2_000_000


def bound_request() -> None:
    """Bounds what is read of a request; runs before anything reads it. No address of ours holds a NUL."""
    if request.endpoint in ("manage.upload", "manage.replace_scan"):
        request.max_content_length = house().settings.upload_megabytes * 1_000_000
    elif request.endpoint == "manage.vocabulary_file":  # Larger than any that is taken, for a sentence of its own.
        request.max_content_length = 2 * FILE_LARGEST
    else:
        request.max_content_length = LARGEST_BODY
    if any("\0" in part for part in (request.view_args or {}).values() if isinstance(part, str)):
        raise NotFound("There is nothing at this address.")


def check_access() -> None:
    """Lets the request pass or raises; runs before every view."""
    if request.endpoint is None:  # No such address; the error table says so.
        return
    rule = ACCESS.get(request.endpoint)
    if rule is None:
        raise NotFound("There is nothing at this address.")
    if rule is Rule.ANYONE:
        return
    person = current_person()
    if person.account_id is None:
        raise SignInNeeded("Please sign in first.")
    match rule:
        case Rule.STAFF if not person.works_somewhere:
            raise NotAllowed("This desk is for reviewers and managers of an institution.")
        case Rule.ADMIN if not person.is_network_admin:
            raise NotAllowed("Only those who run the network may do that.")
        case Rule.REVIEWER | Rule.MANAGER:
            _check_role(rule, person, request.view_args or {})


def _check_role(rule: Rule, person: Person, parts: Mapping[str, Any]) -> None:
    with house().database.reading() as session:
        institution_id = institution_of(session, parts)
    if institution_id is None or not person.role_in(institution_id):
        raise NotFound("There is nothing at this address.")
    allowed = person.may_review if rule is Rule.REVIEWER else person.may_manage
    if not allowed(institution_id):
        raise NotAllowed("Only a manager of this institution may do that.")


SCOPES: Mapping[str, Callable[[str], Select[int]]] = {
    "project": lambda slug: select(Collection.institution_id).join(Project).where(Project.slug == slug),
    "institution": lambda slug: select(Institution.id).where(Institution.slug == slug),
    "scan": lambda key: (
        select(Collection.institution_id)
        .join(Project)
        .join(Scan, Scan.project_id == Project.id)
        .where(Scan.public_id == key)
    ),
    "record": lambda key: (
        select(Collection.institution_id)
        .join(Project)
        .join(Record, Record.project_id == Project.id)
        .where(Record.public_id == key)
    ),
    "intake": lambda key: (
        select(Collection.institution_id)
        .join(Project)
        .join(Intake, Intake.project_id == Project.id)
        .where(Intake.public_id == key)
    ),
    "release": lambda key: (
        select(Collection.institution_id)
        .join(Project)
        .join(Release, Release.project_id == Project.id)
        .where(Release.public_id == key)
    ),
    "batch": lambda key: (
        select(Collection.institution_id)
        .join(Project)
        .join(Batch, Batch.project_id == Project.id)
        .where(Batch.public_id == key)
    ),
    "vocabulary": lambda key: select(Vocabulary.institution_id).where(Vocabulary.public_id == key),
}


def institution_of(session: Session, parts: Mapping[str, Any]) -> int | None:
    """The institution that an address belongs to, by its first known part; None when there is no such thing."""
    for name, query in SCOPES.items():
        if name in parts:
            return session.scalar(query(parts[name]))
    return None
