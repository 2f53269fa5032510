"""All tables, imported in one place so that the metadata is whole."""

from micro.data.acts import Act
from micro.data.answered import AnsweredRecord
from micro.data.base import Base
from micro.data.comments import Comment
from micro.data.desk import Batch, BatchRecord, Lesson
from micro.data.gold import Gold, GoldCheck, Guide, Practice
from micro.data.learning import Conduct, ItemLesson, Learning, Reliability
from micro.data.news import Agreement, Message, MessageCopy, News
from micro.data.notifications import Digest, MailChoice, Notification, QueueLimit
from micro.data.people import (
    Acceptance,
    Account,
    Collection,
    Institution,
    Invitation,
    Membership,
    Move,
    SignInTry,
    Volunteer,
)
from micro.data.projects import Project, Setup
from micro.data.records import Decision, Record, RecordHold, RecordVersion, Release
from micro.data.scans import CuttingRun, Intake, IntakeFile, Item, Layout, Region, Scan
from micro.data.vocabularies import Concept, Vocabulary
from micro.data.work import Answer, Assignment, Report, SetAside, Task

__all__ = [
    "Acceptance",
    "Account",
    "Act",
    "Agreement",
    "Answer",
    "AnsweredRecord",
    "Assignment",
    "Base",
    "Batch",
    "BatchRecord",
    "Collection",
    "Comment",
    "Concept",
    "Conduct",
    "CuttingRun",
    "Decision",
    "Digest",
    "Gold",
    "GoldCheck",
    "Guide",
    "Institution",
    "Intake",
    "IntakeFile",
    "Invitation",
    "Item",
    "ItemLesson",
    "Layout",
    "Learning",
    "Lesson",
    "MailChoice",
    "Membership",
    "Message",
    "MessageCopy",
    "Move",
    "News",
    "Notification",
    "Practice",
    "Project",
    "QueueLimit",
    "Record",
    "RecordHold",
    "RecordVersion",
    "Region",
    "Release",
    "Reliability",
    "Report",
    "Scan",
    "SetAside",
    "Setup",
    "SignInTry",
    "Task",
    "Vocabulary",
    "Volunteer",
]
