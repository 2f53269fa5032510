"""The table of docs/consensus.md: what was measured here, beside what was published of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "<!-- measured by scripts/consensus/compare.py: begin -->", "<!-- end -->"
PAGES = {"en": "consensus.md", "fr": "consensus.fr.md"}

LABELS = {  # Row: what it is, in English and French.
    "bai": ("index cards, % right, nothing checked", "fiches, % exact, rien de contrôlé"),
    "bai 300": ("index cards, % right, cards checked ¹", "fiches, % exact, fiches contrôlées ¹"),
    "agreed": ("… where two experts agree, % right ¹", "… où deux experts s’accordent, % exact ¹"),
    "wide 300": ("index cards with all answers, % right ¹", "fiches avec toutes les réponses, % exact ¹"),
    "ece": ("index cards, calibration error, % ¹", "fiches, erreur de calibrage, % ¹"),
    "accepted": ("index cards, share accepted at 95 % right, % ¹", "fiches, part acceptée à 95 % d’exactitude, % ¹"),
    "hmsnhs": ("hospital registers, % right", "registres d’hôpitaux, % exact"),
    "speech clean": ("dictation, clear: wrong words, %", "dictée nette : mots faux, %"),
    "speech other": ("dictation, hard: wrong words, %", "dictée difficile : mots faux, %"),
    "geo": ("places within 1 km, %", "lieux à moins de 1 km, %"),
}
HEADS = {
    "en": (
        (
            "",
            "rows",
            "plurality",
            "longest answer",
            "micro, no learning",
            "micro, new collection",
            "**micro**",
            "perfect pick",
        ),
        ("plurality", "MicroPasts’ rule", "best library", "perfect pick"),
    ),
    "fr": (
        (
            "",
            "lignes",
            "pluralité",
            "la plus longue",
            "micro sans apprentissage",
            "micro, fonds nouveau",
            "**micro**",
            "choix parfait",
        ),
        ("pluralité", "règle de MicroPasts", "meilleure bibliothèque", "choix parfait"),
    ),
}
OTHER_HALF = {"en": "other half: ", "fr": "autre moitié : "}
ENGINES = ("plurality", "longest", "alone", "elsewhere", "micro", "perfect")

PUBLISHED: Mapping[str, tuple[str, str, str, str]] = {
    "bai": ("56.7", "54.1", "58.1 (crowd-kit)", "71.9"),
    "bai 300": ("", "", "", "71.9"),
    "agreed": ("78.5", "78.5", "81.3", "94.2"),
    "wide 300": ("64.9", "58.6", "62.0 (label_reconciliations)", "76.1"),
    "ece": ("17.2", "", "", ""),
    "accepted": ("0", "0", "0", "72"),
    "hmsnhs": ("82.8", "81.2", "90.7 (label_reconciliations)", "88.6"),
    "speech clean": ("16.3", "14.2", "5.86 (ROVER)", "3.55"),
    "speech other": ("24.0", "21.8", "11.8 (ROVER)", "7.61"),
    "geo": ("43.4", "", "", "61.2"),
}
"""Measured by others, on the other half of the same sets (not seen by this project), normalised alike."""


@dataclass(frozen=True)
class Line:
    """A row: per engine a number, half of the 95 % interval of micro's, and of how many rows."""

    key: str
    cells: Mapping[str, float]
    within: float | None
    rows: int


def table_of(lines: Sequence[Line], language: str) -> str:
    """The table in Markdown."""
    here, there = HEADS[language]
    head = [*here, *(OTHER_HALF[language] + one for one in there)]
    told = [head, ["---", *["---:"] * (len(head) - 1)], *(_row(line, language) for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in told)


def _row(line: Line, language: str) -> list[str]:
    label = LABELS[line.key][language == "fr"]
    cells = [_cell(line, engine) for engine in ENGINES]
    row = [label, str(line.rows), *cells, *PUBLISHED[line.key]]
    return [one.replace(".", ",") if language == "fr" and n else one for n, one in enumerate(row)]


def _cell(line: Line, engine: str) -> str:
    if engine not in line.cells:
        return ""
    told = f"{line.cells[engine]:.1f}" if not line.key.startswith("speech") else f"{line.cells[engine]:.2f}"
    if engine != "micro":
        return told
    return f"**{told}**" + (f" ± {line.within:.1f}" if line.within is not None else "")


def put_into(docs: Path, lines: Sequence[Line]) -> None:
    """Puts the table between its marks in each page that has them."""
    for language, name in PAGES.items():
        page = docs / name
        text = page.read_text("utf-8") if page.is_file() else ""
        if BEGIN in text:
            before, rest = text.split(BEGIN)
            _, after = rest.split(END, 1)
            page.write_text(f"{before}{BEGIN}\n{table_of(lines, language)}\n{END}{after}", "utf-8")
