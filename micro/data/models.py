"""All tables, imported in one place so that the metadata is whole."""

from micro.data.base import Base
from micro.data.people import Acceptance, Account, Collection, Institution, Membership, Move, SignInTry, Volunteer
from micro.data.projects import Intake, IntakeFile, Item, Project, Region, Scan, Setup
from micro.data.records import Decision, Record, RecordVersion, Release
from micro.data.work import Answer, Assignment, Report, Task

__all__ = [
    "Acceptance",
    "Account",
    "Answer",
    "Assignment",
    "Base",
    "Collection",
    "Decision",
    "Institution",
    "Intake",
    "IntakeFile",
    "Item",
    "Membership",
    "Move",
    "Project",
    "Record",
    "RecordVersion",
    "Region",
    "Release",
    "Report",
    "Scan",
    "Setup",
    "SignInTry",
    "Task",
    "Volunteer",
]
