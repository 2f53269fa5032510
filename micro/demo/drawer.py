"""A drawer of demo cards as files: pictures, the manifest an import reads, and the truth to compare answers with."""

import csv
import json
from pathlib import Path
from typing import Any

from PIL import Image

from micro.demo.cards import CardTruth, make_truths
from micro.demo.draw import draw_card

MANIFEST_COLUMNS = ("file", "identifier", "title", "credit", "rights", "document", "page")
CREDIT, RIGHTS = "Drawn by micro for its demonstration", "CC0-1.0"
TITLES = {"en": "Card {}", "fr": "Fiche {}"}
DOCUMENTS = {"en": "Catalogue of finds, drawer {}", "fr": "Fiches des trouvailles, tiroir {}"}
JPEG_QUALITY = 85
EXIF_ORIENTATION = 0x0112

# How an upright picture is turned before storing so that the viewer's turn for each EXIF orientation undoes it: every
# turn is its own inverse but the quarter turns, 6 and 8. (EXIF 2.32, tag Orientation; Pillow's rotations are
# counter-clockwise.)
STORING_TURNS: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def write_drawer(folder: Path, count: int, language: str, seed: int) -> list[Path]:
    """Writes `count` cards, manifest.csv and truth.json into `folder`; returns the pictures' paths in page order.

    The folder is made if need be; equal arguments give equal bytes; 0 cards give a manifest of its header only. Raises
    ValueError for an unknown language or a negative count. About half a second a card.
    """
    truths = make_truths(count, language, seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"card-{page:03d}.jpg" for page in range(1, count + 1)]
    for path, truth in zip(paths, truths, strict=True):
        draw_card(truth, seed).save(path, "JPEG", quality=JPEG_QUALITY)
    by_file = {path.name: truth for path, truth in zip(paths, truths, strict=True)}
    _write_manifest(folder / "manifest.csv", by_file, DOCUMENTS[language].format(seed))
    _write_truth(folder / "truth.json", by_file)
    return paths


def save_in_orientation(picture: Image.Image, path: Path, orientation: int) -> None:
    """Saves `picture` as JPEG or PNG, its pixels turned so that EXIF `orientation` (1–8) brings the picture back.

    Raises ValueError for another orientation or another kind of file.
    """
    if orientation not in range(1, 9):
        raise ValueError(f"EXIF knows the orientations 1 to 8, not {orientation}")
    if path.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
        raise ValueError(f"{path.name} is neither a JPEG nor a PNG file")
    turn = STORING_TURNS.get(orientation)
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    stored = picture if turn is None else picture.transpose(turn)
    stored.save(path, exif=exif, quality=JPEG_QUALITY)


def read_truth(folder: Path) -> dict[str, CardTruth]:
    """The truth of a drawer, file name -> card, in page order.

    Raises FileNotFoundError where there is no truth.json and ValueError where it is not what `write_drawer` writes.
    """
    cards = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    try:
        return {file: CardTruth(card["identifier"], card["language"], card["fields"]) for file, card in cards.items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / 'truth.json'} does not hold the truth of a drawer") from error


def _write_manifest(path: Path, by_file: dict[str, CardTruth], document: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(MANIFEST_COLUMNS)
        for page, (file, truth) in enumerate(by_file.items(), start=1):
            # The title names the number only: the object's name is for the volunteers to read.
            title = TITLES[truth.language].format(truth.identifier)
            writer.writerow((file, truth.identifier, title, CREDIT, RIGHTS, document, page))


def _write_truth(path: Path, by_file: dict[str, CardTruth]) -> None:
    cards: dict[str, Any] = {
        file: {"identifier": truth.identifier, "language": truth.language, "fields": dict(truth.fields)}
        for file, truth in by_file.items()
    }
    path.write_text(json.dumps(cards, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
