"""The ``micro`` command. Every subcommand works on the settings' database and files, server running or not."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from micro import __version__, backup, jobs, simulation, supervise
from micro.cli_acts import commanding
from micro.cli_consensus import consensus
from micro.cli_imports import import_csv, import_pybossa
from micro.cli_ready import one_line, ready_house
from micro.cli_what_if import what_if
from micro.config import BadSetting, Settings
from micro.data.migrations import current_revision, migrate
from micro.data.models import Project
from micro.demo import seed
from micro.errors import MicroError
from micro.house import House, open_house
from micro.services import accounts, cutting, cutting_runs, intake, projects, releases
from micro.services.acts import tell
from micro.services.deliveries import Progress
from micro.services.plans import project_from_plan


class OneLineGroup(click.Group):
    """Every deliberate error ends the command with one line and exit code 1, never with a traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except (MicroError, BadSetting, OSError) as error:
            raise SystemExit(f"micro: {one_line(error)}") from None
        except RedisError as error:
            raise SystemExit(f"micro: the queue does not answer: {one_line(error)}") from None
        except DBAPIError as error:
            raise SystemExit(
                f"micro: the database does not answer: {str(error.orig).strip().splitlines()[0]}"
            ) from None


@click.group(cls=OneLineGroup)
@click.version_option(__version__, prog_name="micro")
def main() -> None:
    """Crowdsourced archival transcription for museums and archives."""


def _prepare(house: House) -> None:
    migrate(house.database)
    if house.settings.demo:
        seed.make_demo(house, click.echo)


@main.command()
def up() -> None:
    """Runs everything: web, one worker, and the embedded queue. Ctrl+C stops it."""
    settings = Settings.from_env()
    raise SystemExit(
        supervise.run(settings, prepare=lambda: _prepare(open_house(settings)), ready=lambda: _announce(settings))
    )


def _announce(settings: Settings) -> None:
    click.echo(f"\nmicro is running at {settings.public_url}  (data in {settings.folder})")
    if settings.demo:
        click.echo("demo accounts, all with the password " + seed.PASSWORD + ":")
        for key, _, _ in seed.PEOPLE:
            click.echo(f"  {key}@example.org")
    click.echo("Ctrl+C stops it.")


@main.command()
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
def worker(burst: bool) -> None:
    """Runs one more worker on the queue at REDIS_URL."""
    settings = Settings.from_env()
    if not settings.redis:
        raise BadSetting("no queue is running: set REDIS_URL, or start `micro up`")
    jobs.work(settings, burst)


@main.command("migrate")
def migrate_() -> None:
    """Brings the database to the form that this version needs."""
    house = open_house(Settings.from_env())
    migrate(house.database)
    click.echo(f"the database is at {current_revision(house.database)}")


@main.command()
def sweep() -> None:
    """Does here and now whatever was left behind while the queue was down."""
    done = jobs.sweep_all(ready_house())
    for what, count in done.items():
        click.echo(f"{what}: {count}")
    if done["failed"]:  # What it was is in the log.
        raise SystemExit(1)


def _project(session: Session, slug: str) -> Project:
    """The project at this address; without one, the only project there is."""
    if slug:
        return projects.project_named(session, slug)
    found = projects.projects_of(session, None)
    if len(found) != 1:
        raise BadSetting(
            "name the project with --project: " + (", ".join(p.slug for p in found) or "there is none yet")
        )
    return found[0]


for_project = click.option(
    "--project", "slug", default="", help="The project's address, as in /p/ADDRESS; needed when there are several."
)


@main.group("project")
def project_group() -> None:
    """Pieces of crowdsourced work."""


@project_group.command("create")
@click.argument("plan", type=click.Path(path_type=Path))
def project_create(plan: Path) -> None:
    """Makes a draft project from a JSON file: institution, collection, texts, form, boxes. See docs/operator.md."""
    house = ready_house()
    with commanding(house, "command.project"), house.database.writing() as session:
        made = project_from_plan(session, _json(plan), house.clock())
        slug = made.slug
    click.echo(f"a draft: {house.settings.public_url}/desk/{slug}")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # The second: lists in lists in lists.
        raise BadSetting(f"{path} is not JSON: {error}") from None


@main.command("ingest")
@click.argument("folder", type=click.Path(path_type=Path))
@for_project
def ingest(folder: Path, slug: str) -> None:
    """Takes in the pictures of a folder, described by its manifest.csv if there is one. Can be repeated."""
    house = ready_house()
    with commanding(house, "command.ingest") as command:
        with house.database.writing() as session:
            delivery = intake.deliver_folder(session, _project(session, slug), folder, house.clock())
            delivery_id, total = delivery.id, intake.progress_of(session, delivery).waiting
        with click.progressbar(length=total, label="taking in") as bar:
            jobs.drain_intake(house, delivery_id, lambda: bar.update(1))
        with house.database.reading() as session:
            progress = intake.progress_of(session, intake.delivery(session, delivery_id))
        command.result["files"] = _said_of_intake(progress)
    _warn_of_intake(progress)
    click.echo(_said_of_intake(progress))
    if progress.refused:
        raise SystemExit(1)


def _warn_of_intake(progress: Progress) -> None:
    for name, reason in progress.warned:
        click.echo(one_line(f"taken with a warning: {name}: {reason}"), err=True)
    for name, reason in progress.refused:
        page = f"page {reason.values[intake.AT_PAGE]}: " if intake.AT_PAGE in reason.values else ""
        click.echo(one_line(f"refused: {name}: {page}{reason}"), err=True)


def _said_of_intake(progress: Progress) -> str:
    more = f" ({progress.scans} scans)" if progress.scans != progress.taken - progress.layouts else ""
    said = [f"{progress.taken - progress.layouts} taken in{more}", f"{len(progress.same)} were there already"]
    said += [f"{progress.layouts} layouts read"] if progress.layouts else []
    return ", ".join([*said, f"{len(progress.refused)} refused"])


main.add_command(import_pybossa)
main.add_command(import_csv)
main.add_command(consensus)
project_group.add_command(what_if)


@main.command("cut")
@for_project
@click.argument("way", type=click.Path(path_type=Path), required=False)
def cut(slug: str, way: Path | None) -> None:
    """Cuts all scans of a project; WAY is a JSON file that says how and becomes its way first. See docs/operator.md.

    Scans that cannot be cut are named, with the reason. Can be repeated.
    """
    house, done = ready_house(), 0
    with commanding(house, "command.cut") as command:
        with house.database.writing() as session:
            project = _project(session, slug)
            if way is not None:
                cutting.set_way(session, project, _json(way))
            run = cutting_runs.start_run(session, project, None, house.clock()) if project.cutting else None
            project_id, run_id, total = project.id, run.id if run else 0, run.total if run else 0
        if run_id:
            hidden = not sys.stderr.isatty()
            with click.progressbar(length=total, label="cutting", file=sys.stderr, hidden=hidden) as bar:
                done = jobs.drain_cutting(house, run_id, bar.update)
        with house.database.reading() as session:
            failed = cutting_runs.failed_scans(session, project_id, most=total)
        command.result["scans"] = f"{done} cut, {len(failed)} not cut"
    for scan, reason in failed:
        click.echo(one_line(f"not cut: {scan.file_name}: {reason}"), err=True)
    click.echo(f"{done} scans cut")
    if failed:
        raise SystemExit(1)


@main.command("release")
@for_project
@click.option("--notes", default="", help="What a reader should know of this release.")
def release(slug: str, notes: str) -> None:
    """Publishes the next release of a project, here and now."""
    house = ready_house()
    with commanding(house, "command.release") as command:
        with house.database.writing() as session:
            project = _project(session, slug)
            made = releases.start_release(session, project, None, notes, house.clock())
            release_id, number, public_id, slug = made.id, made.number, made.public_id, project.slug
        jobs.write_release(house, release_id)
        command.result["release"] = str(number)
    click.echo(f"release {number}: {house.settings.public_url}/data/{slug}/{number} (files in releases/{public_id})")


@main.group()
def admin() -> None:
    """People who run the network."""


@admin.command("create")
@click.argument("email")
@click.option("--name", prompt="Name", help="How the person is called.")
@click.password_option(help="At least 10 characters; asked for when left out.")
@click.option("--institution", default="", help="Not a network admin, but staff of this institution.")
@click.option("--role", type=click.Choice(["reviewer", "manager"]), default="manager", show_default=True)
def admin_create(email: str, name: str, password: str, institution: str, role: str) -> None:
    """Makes an account that is confirmed at once: a network admin, or staff of an institution."""
    house = ready_house()
    with commanding(house, "command.account"), house.database.writing() as session:
        made = accounts.create_account(
            session,
            email,
            name,
            password,
            house.clock(),
            house.passwords,
            confirmed=True,
            network_admin=not institution,
        )
        if institution:
            accounts.give_role(session, made, projects.institution_named(session, institution), role, house.clock())
        # The person by the public id, never the address of their mail.
        role = role if institution else "network admin"
        tell(session, subject="account", subject_key=made.public_id, to_state=role)
    click.echo(f"{email} may sign in now")


@main.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
def backup_(target: Path) -> None:
    """Writes the embedded database, files and secret into one .tar.gz, while everything runs."""
    size = backup.back_up(Settings.from_env(), target)
    click.echo(f"{target}: {size / 1e6:.1f} MB. It holds personal data and the secret: keep it safe.")


@main.command()
@click.argument("source", type=click.Path(path_type=Path))
def restore(source: Path) -> None:
    """Puts a backup into an empty data folder."""
    settings = Settings.from_env()
    backup.restore(settings, source)
    click.echo(f"restored into {settings.folder}")


@main.command()
@click.option("--volunteers", default=12, show_default=True, type=click.IntRange(3, 200), help="How many answer.")
@click.option("--cards", default=40, show_default=True, type=click.IntRange(2, 2000), help="How many cards there are.")
@click.option("--seed", default=1, show_default=True, help="Equal numbers give equal cards and equal mistakes.")
def simulate(volunteers: int, cards: int, seed: int) -> None:
    """Runs the whole main job unattended, scans to release; says how right the records are."""
    started = time.monotonic()
    raise SystemExit(simulation.run(Settings.from_env(), simulation.Plan(volunteers, cards, seed), started))
