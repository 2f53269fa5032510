"""The columns that the files of every release have, whatever its form asks for."""

from __future__ import annotations

from dataclasses import dataclass

STATES = ("checked", "agreed", "unresolved")
STATUSES = ("given", "unsure", "blank", "illegible", "unasked", "unresolved")
SAID_STATUSES = ("given", "unsure", "blank", "illegible", "unasked")


@dataclass(frozen=True)
class Described:
    """A column. ``values`` are the only possible ones; ``note`` lists what is possible where that is no rule.

    ``holds``: string, number, integer, boolean, date, datetime, edtf or json.
    """

    name: str
    holds: str
    en: str
    fr: str
    meaning: str
    values: tuple[str, ...] = ()
    note: str = ""
    required: bool = False


_RECORD = Described("record", "string", "Record", "Notice", "Permanent public identifier of the record.", required=True)
_IDENTIFIER = Described(
    "identifier", "string", "Identifier", "Identifiant", "The institution’s own identifier of the item."
)
_FIELD = Described("field", "string", "Field", "Champ", "Name of the field, as in the form.", required=True)
_CONFIDENCE = Described(
    "confidence",
    "number",
    "Confidence",
    "Confiance",
    "How sure we are, 0 to 1, three decimals: of the weakest field.",
    required=True,
)

HEAD = (
    _RECORD,
    _IDENTIFIER,
    Described("title", "string", "Title", "Titre", "Title of the item from the institution’s list; often empty."),
)
TAIL = (
    Described(
        "state",
        "string",
        "State",
        "État",
        "checked: a professional decided; agreed: volunteers agreed; unresolved: waits for a person or for more "
        "answers.",
        STATES,
        required=True,
    ),
    _CONFIDENCE,
    Described(
        "answers",
        "integer",
        "Answers",
        "Réponses",
        "How many answers went into the record, over all its tasks.",
        required=True,
    ),
    Described(
        "reviewed_at", "datetime", "Reviewed at", "Relu le", "When the professional decided, UTC; empty unless checked."
    ),
    Described(
        "scan_url",
        "string",
        "Scan",
        "Numérisation",
        "Address of a picture of the whole scan; empty when it was taken down.",
    ),
    Described(
        "region_url",
        "string",
        "Region",
        "Zone",
        "Address of a picture of the part that was read; empty when several parts were, see values.csv.",
    ),
    Described(
        "rights", "string", "Rights of the scan", "Droits de l’image", "Licence or rights statement of the scan itself."
    ),
    Described("credit", "string", "Credit line", "Crédit", "Credit line to print beside the scan."),
    Described("document", "string", "Document", "Document", "The box, volume or film that the scan belongs to."),
    Described("page", "integer", "Page", "Page", "The scan’s place in its document, from 1."),
)
VALUES = (
    _RECORD,
    _IDENTIFIER,
    _FIELD,
    Described("label", "string", "Label", "Libellé", "Label of the field in the language of the content."),
    Described(
        "value",
        "string",
        "Value",
        "Valeur",
        "The value as a person reads it, a number with its unit; empty unless given or unsure.",
    ),
    Described(
        "code",
        "string",
        "Code",
        "Code",
        "The code of a choice, the same in every language; of tags all codes, “ | ” between them; else empty.",
    ),
    Described(
        "status",
        "string",
        "Status",
        "Statut",
        "given, unsure (given, but marked as not sure), blank (nothing is written there), illegible, unasked (not "
        "asked, because of what another field says or because the form got it later), or unresolved (no value has "
        "enough support yet).",
        STATUSES,
        required=True,
    ),
    Described(
        "confidence",
        "number",
        "Confidence",
        "Confiance",
        "How sure we are of this value, 0 to 1, three decimals; 1 for what was not asked.",
        required=True,
    ),
    Described(
        "answers", "integer", "Answers", "Réponses", "How many answers said something of this field.", required=True
    ),
    Described(
        "agreeing",
        "integer",
        "Agreeing",
        "Concordantes",
        "How many of them say what stands here, spelling, case and punctuation apart.",
        required=True,
    ),
    Described(
        "best_guess", "string", "Best guess", "Meilleure hypothèse", "What most support while unresolved; a guess."
    ),
    Described("region_url", "string", "Region", "Zone", "Address of a picture of the part of the scan that was read."),
)
ROW_HEAD = (
    _RECORD,
    _IDENTIFIER,
    Described("row", "integer", "Row", "Ligne", "The row’s place in the group of its record, from 1.", required=True),
)
ANSWER_HEAD = (
    Described("answer", "string", "Answer", "Réponse", "Permanent public identifier of the answer.", required=True),
    _RECORD,
    _IDENTIFIER,
    Described("region", "string", "Region", "Zone", "Name of the part of the scan that was asked about."),
    Described(
        "volunteer",
        "string",
        "Volunteer",
        "Bénévole",
        "Pseudonym: the same person has the same one in all releases of this dataset, and another one in every "
        "other dataset.",
        required=True,
    ),
    Described("answered_on", "date", "Answered on", "Répondu le", "Day of the answer, UTC.", required=True),
    Described(
        "number",
        "integer",
        "Number",
        "Numéro",
        "1 for the first answer to this task by this volunteer, 2 for its correction, and so on.",
        required=True,
    ),
    Described("newest", "boolean", "Newest", "Dernière", "true for the one that counts of these.", required=True),
    Described(
        "form_version",
        "integer",
        "Form version",
        "Version du formulaire",
        "Version of the form that was on the screen.",
        required=True,
    ),
    Described(
        "surplus",
        "boolean",
        "Surplus",
        "En surplus",
        "true when enough people had answered already; it still counts.",
        required=True,
    ),
)
DICTIONARY = (
    Described("file", "string", "File", "Fichier", "Name of the file.", required=True),
    Described(
        "column", "string", "Column", "Colonne", "Name of the column, or of the key in records.jsonl.", required=True
    ),
    Described(
        "type",
        "string",
        "Type",
        "Type",
        "string, number, integer, boolean, date, datetime, edtf (ISO 8601-2 date, unknown digits as X) or json.",
        required=True,
    ),
    Described("label_en", "string", "English label", "Libellé anglais", "Label in English."),
    Described("label_fr", "string", "French label", "Libellé français", "Label in French."),
    Described("meaning", "string", "Meaning", "Signification", "What it means."),
    Described("values", "string", "Values", "Valeurs", "The possible values, or the units, separated by “ | ”."),
)
VOCABULARY = (
    _FIELD,
    Described("code", "string", "Code", "Code", "The code of the label, the same in every language.", required=True),
    Described("label_en", "string", "English label", "Libellé anglais", "The label in English."),
    Described("label_fr", "string", "French label", "Libellé français", "The label in French."),
    Described("uri", "string", "Identifier", "Identifiant", "Its address in the vocabulary that it comes from."),
)
JSON_KEYS = (
    _RECORD,
    _IDENTIFIER,
    HEAD[2],
    TAIL[0],
    _CONFIDENCE,
    TAIL[2],
    TAIL[3],
    Described("version", "integer", "Version", "Version", "Number of the record’s version that is released."),
    Described(
        "engine",
        "string",
        "Engine",
        "Moteur",
        "Name of the rules by which the answers were merged; empty when a professional wrote the version.",
    ),
    Described(
        "scan",
        "json",
        "Scan",
        "Numérisation",
        "Its url, sha256, width_px and height_px (upright), file_name, document, page, rights and credit.",
    ),
    Described(
        "regions",
        "json",
        "Regions",
        "Zones",
        "The parts of the scan: name, fields, asked (a volunteer was asked about just this part), url, and x_px, "
        "y_px, width_px, height_px on the upright full-size scan, origin top left.",
    ),
    Described(
        "fields",
        "json",
        "Fields",
        "Champs",
        "By field: status; value (text, code, EDTF date, amount and unit, list of labels, or lat and lon) with its "
        "label and uri for choices, its labels for tags; "
        "confidence, answers, agreeing, tied; best_guess while unresolved; and evidence, the competing answers "
        "with how many gave each (count) and how many of these were not sure (unsure).",
    ),
)
