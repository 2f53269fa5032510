"""Settings: each has a name, a unit, a range and a place in the documentation; a bad one stops the start."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import make_url

from micro.adapters.storage import FolderStorage, open_storage
from micro.config import NOT_SETTINGS, RANGES, SCHEMES, BadSetting, Settings

MANUAL = Path(__file__).parents[2] / "docs" / "operator.md"
VARIABLES = {str(field.metadata["variable"]): field for field in fields(Settings)}


def from_env(**environ: str) -> Settings:
    return Settings.from_env(environ)


def refusal(**environ: str) -> str:
    with pytest.raises(BadSetting) as caught:
        from_env(**environ)
    line = str(caught.value)
    assert line
    assert "\n" not in line
    assert next(iter(environ)) in line
    return line


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_is_documented(variable: str) -> None:
    assert MANUAL.is_file(), "docs/operator.md tells of every setting"
    assert re.search(rf"\b{variable}\b", MANUAL.read_text(encoding="utf-8"))


def test_no_setting_is_documented_that_does_not_exist() -> None:
    text = MANUAL.read_text(encoding="utf-8") if MANUAL.is_file() else ""
    named = set(re.findall(r"\bMICRO_[A-Z_]+\b", text))
    assert named <= set(VARIABLES) | NOT_SETTINGS


def test_with_nothing_configured_everything_is_in_one_folder(tmp_path: Path) -> None:
    settings = from_env(MICRO_DATA=str(tmp_path))
    assert settings.database == f"sqlite:///{tmp_path}/micro.db"
    assert settings.storage == f"file://{tmp_path}/files"
    assert settings.redis == ""
    assert settings.public_url == "http://127.0.0.1:8000"
    assert Settings.from_env({}).folder == Path("var").absolute()


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert from_env(**dict.fromkeys(VARIABLES, "")) == Settings()


def test_other_programs_variables_are_none_of_our_business() -> None:
    assert Settings.from_env({"PATH": "/bin", "HOME": "/root", **dict.fromkeys(NOT_SETTINGS, "1")}) == Settings()


@pytest.mark.parametrize("name", ["MICRO_PROT", "MICRO_", "MICRO_DATABASE_URL", "MICRO_port"])
def test_an_unknown_setting_stops_the_start(name: str) -> None:
    refusal(**{name: "1"})


@pytest.mark.parametrize(("name", "least", "most"), RANGES)
def test_a_number_has_a_range(name: str, least: int, most: int) -> None:
    variable = next(variable for variable, field in VARIABLES.items() if field.name == name)
    for good in (least, most):
        assert getattr(from_env(**{variable: str(good)}), name) == good
    for bad in (str(least - 1), str(most + 1), "many", "1.5", "1e3", " ", "0x10"):
        refusal(**{variable: bad})
    about = str(VARIABLES[variable].metadata["about"])
    assert f"{least} to {most}" in about, "whoever reads about it learns the range"


def test_every_number_has_a_range() -> None:
    numbers = {field.name for field in fields(Settings) if type(field.default) is int}
    assert numbers == {name for name, _, _ in RANGES}


@pytest.mark.parametrize(("name", "schemes"), SCHEMES)
def test_an_address_has_a_scheme(name: str, schemes: tuple[str, ...]) -> None:
    variable = next(variable for variable, field in VARIABLES.items() if field.name == name)
    for bad in (
        "ftp://host/place",
        "localhost:5432",
        "/some/folder",
        "://",
        "http://[::1",
        f"{schemes[0]}://host:port/x",
    ):
        refusal(**{variable: bad})


def test_addresses_are_taken_as_people_write_them() -> None:
    assert from_env(DATABASE_URL="postgres://me@db/micro").database == "postgresql+psycopg://me@db/micro"
    assert from_env(DATABASE_URL="postgresql://me@db:5433/micro").database == "postgresql+psycopg://me@db:5433/micro"
    assert from_env(DATABASE_URL="sqlite:////srv/micro.db").database == "sqlite:////srv/micro.db"
    assert from_env(REDIS_URL="unix:///run/valkey").redis == "unix:///run/valkey"
    assert (
        from_env(STORAGE_URL="s3://key:se+cret@host/bucket?region=x").storage == "s3://key:se+cret@host/bucket?region=x"
    )
    assert from_env(MICRO_BASE_URL="https://micro.example.org/").public_url == "https://micro.example.org"
    assert from_env(MICRO_MAIL_URL="smtp://u:p@host:587").mail_url == "smtp://u:p@host:587"


def test_the_embedded_queue_is_found_by_its_address_file(tmp_path: Path) -> None:
    settings = from_env(MICRO_DATA=str(tmp_path))
    (tmp_path / "queue-address").write_text("unix:///tmp/queue\n")
    assert settings.redis == "unix:///tmp/queue"
    assert from_env(MICRO_DATA=str(tmp_path), REDIS_URL="redis://host").redis == "redis://host"


@pytest.mark.parametrize("value", ["yes", "true", "2", "on"])
def test_a_switch_is_0_or_1(value: str) -> None:
    assert from_env(MICRO_DEMO="1").demo
    assert not from_env(MICRO_DEMO="0").demo
    refusal(MICRO_DEMO=value)


def test_demo_accounts_stay_on_this_machine() -> None:
    assert from_env(MICRO_DEMO="1", MICRO_HOST="::1").demo
    for host in ("0.0.0.0", "192.168.0.7", "micro.example.org", "127.0.0.1.example.org"):
        refusal(MICRO_DEMO="1", MICRO_HOST=host)
    refusal(MICRO_DEMO="1", MICRO_BASE_URL="https://read.example.org")
    refusal(MICRO_DEMO="1", MICRO_TRUSTED_PROXIES="1")


def test_a_data_folder_of_any_name_holds_both_database_and_files() -> None:
    settings = from_env(MICRO_DATA="/tmp/a#b %41?c é")
    assert make_url(settings.database).database == "/tmp/a#b %41?c é/micro.db"
    storage = open_storage(settings.storage)
    assert isinstance(storage, FolderStorage)
    assert storage.folder == Path("/tmp/a#b %41?c é/files")


def test_the_log_has_four_levels() -> None:
    assert from_env(MICRO_LOG_LEVEL="warning").log_level == "warning"
    for level in ("loud", "INFO", "critical"):
        refusal(MICRO_LOG_LEVEL=level)
