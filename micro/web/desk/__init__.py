"""The manager's desk: one module for each page of it, all on the one blueprint of frame.py."""

from micro.web.desk import (
    acts,
    cutting,
    deliveries,
    form,
    form_field,
    guide,
    institutions,
    invitations,
    known,
    layouts,
    new_project,
    news,
    overview,
    progress,
    quality,
    scan,
    scans,
    settings,
    staff,
    vocabularies,
    vocabulary_file,
    volunteers,
)
from micro.web.desk.frame import blueprint

PAGES = (
    acts,
    overview,
    progress,
    scans,
    deliveries,
    cutting,
    news,
    layouts,
    scan,
    volunteers,
    quality,
    form,
    form_field,
    known,
    guide,
    vocabularies,
    vocabulary_file,
    institutions,
    invitations,
    new_project,
    settings,
    staff,
)

__all__ = ["PAGES", "blueprint"]
