"""News of a project: published on its page, in the languages that there are; withdrawn, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.states import NEWS, check_move
from micro.data.models import News, Project
from micro.errors import BadAnswer, NotFound
from micro.services.moves import note_move

LONGEST = {"title": 150, "subject": 150, "text": 10_000}


def checked_texts(given: Mapping[str, Mapping[str, str]], head: str) -> dict[str, dict[str, str]]:
    """The texts by language, ``head`` ("title" or "subject") and "text" each; a language without either is left out.

    Raises BadAnswer("<language>.<part>") when half of a language is missing or too long, or when there is none at all.
    """
    kept: dict[str, dict[str, str]] = {}
    for language, parts in given.items():
        texts = {part: parts.get(part, "").replace("\r\n", "\n").strip() for part in (head, "text")}
        texts[head] = " ".join(texts[head].split())
        if not any(texts.values()):
            continue
        for part, text in texts.items():
            if not text:
                raise BadAnswer(f"{language}.{part}", "This language has only half of it: please fill in both.")
            if len(text) > LONGEST[part]:
                raise BadAnswer(f"{language}.{part}", "This is longer than %(most)s characters.", most=LONGEST[part])
        kept[language] = texts
    if not kept:
        raise BadAnswer(f"{next(iter(given))}.{head}", "Please write something, in one language at least.")
    return kept


def publish(
    session: Session, project: Project, texts: Mapping[str, Mapping[str, str]], account_id: int | None, now: datetime
) -> News:
    """Publishes a piece of news at once. Raises BadAnswer, see :func:`checked_texts`."""
    made = News(project=project, account_id=account_id, texts=checked_texts(texts, "title"), published_at=now)
    session.add(made)
    session.flush()
    return made


def news_named(session: Session, public_id: str) -> News:
    """The piece of news at an address; NotFound otherwise."""
    found = session.scalar(select(News).where(News.public_id == public_id))
    if found is None:
        raise NotFound("There is no such piece of news.")
    return found


def move(session: Session, news: News, to_state: str, account_id: int | None, now: datetime) -> None:
    """Withdraws a piece of news, or publishes it again; the same twice changes nothing."""
    if news.state == to_state:
        return
    check_move(NEWS, news.state, to_state)
    note_move(session, "news", news.id, account_id, now, news.state, to_state)
    news.state = to_state
    session.flush()


def news_of(session: Session, project_id: int, most: int, withdrawn: bool = False) -> list[News]:
    """The newest news of a project, newest first."""
    found = select(News).where(News.project_id == project_id)
    if not withdrawn:
        found = found.where(News.state == "published")
    return list(session.scalars(found.order_by(News.published_at.desc(), News.id.desc()).limit(most)))


def news_count(session: Session, project_id: int) -> int:
    """How many pieces of news visitors see."""
    counted = select(func.count()).select_from(News)
    return session.scalar(counted.where(News.project_id == project_id, News.state == "published")) or 0


def text_of(texts: Mapping[str, Mapping[str, str]], part: str, language: str) -> tuple[str, str]:
    """The part in ``language``, else in English, else in any language there is; and which language that is."""
    for candidate in (language, "en", *texts):
        if found := texts.get(candidate, {}).get(part):
            return found, candidate
    return "", language
