"""The demonstration's guide: what readers of its cards should know, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

CARDS_KNOWN = 3
GUIDE: Mapping[str, str] = {
    "en": """Each card tells of one find: what it is, of what it is made, how long it is, where and when it was found.

## How to copy
- Copy **as it stands**: capitals, abbreviations and mistakes too.
- A word before a place belongs to it: “near”, “field at”.
- Write the unit of a length as the card has it. Do not convert.
- In a date, leave empty what the card does not say.

## What is often mistaken
1. A 1 with a long stroke is no 7: a 7 has a bar or a bend.
2. A long s may look like an f.
3. A stamp over the writing is no part of the text.""",
    "fr": """Chaque fiche décrit un objet : ce qu’il est, sa matière, sa longueur, où et quand il fut trouvé.

## Comment copier
- Copiez **tel quel** : majuscules, abréviations et fautes comprises.
- Un mot placé avant un lieu en fait partie : « près de », « champ à ».
- Notez l’unité de la longueur telle que sur la fiche, sans convertir.
- Dans une date, laissez vide ce que la fiche ne dit pas.

## Ce que l’on confond souvent
1. Un 1 au long trait n’est pas un 7 : le 7 a une barre ou un coude.
2. Un s long peut ressembler à un f.
3. Un tampon posé sur l’écriture ne fait pas partie du texte.""",
}
EXAMPLES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("object", {"en": "The object, in the curator’s hand", "fr": "L’objet, de la main du conservateur"}),
    ("length", {"en": "A length: the unit stands beside it", "fr": "Une longueur, suivie de son unité"}),
    ("found_on", {"en": "A date: copy what is there", "fr": "Une date : copiez ce qui s’y trouve"}),
)
