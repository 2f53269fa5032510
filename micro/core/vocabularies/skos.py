"""Vocabularies as SKOS (https://www.w3.org/TR/skos-reference/), read by rdflib without any network.

Two things in such files ask a reader to fetch more: JSON-LD contexts by address, and XML entities or document types
from outside. Both are refused before rdflib sees the file. How long it reads is bounded.
"""

from __future__ import annotations

import json
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, Namespace, URIRef
from rdflib.exceptions import Error as RdfError
from rdflib.parser import InputSource, PythonInputSource, StringInputSource
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.plugins.stores.memory import Memory

from micro.core.vocabularies.entries import LANGUAGES, Entry, Read, checked, code_of_uri, is_uri, make_code, visible
from micro.errors import BadAnswer, to_translate

READ_MOST_S = 20.0
BASE = "urn:x-micro:"  # What an address without a beginning is joined to.
ENTITY_LONGEST = 200
ENTITIES_MOST = 20_000
XL = Namespace("http://www.w3.org/2008/05/skos-xl#")
NAMES = (SKOS.prefLabel, RDFS.label, DCTERMS.title, URIRef("http://purl.org/dc/elements/1.1/title"))
WANTED = frozenset(
    {RDF.type, *NAMES, XL.prefLabel, XL.literalForm, SKOS.broader, SKOS.narrower, SKOS.notation, SKOS.inScheme}
    | {SKOS.topConceptOf, OWL.deprecated, DCTERMS.isReplacedBy}
)
# rdflib's parsers raise whatever they stumble over.
STUMBLES: tuple[type[Exception], ...] = (
    RdfError,
    SAXException,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    SyntaxError,
    TypeError,
    ValueError,
)
log = logging.getLogger("rdflib.term")
log.setLevel(logging.ERROR)  # Each odd date or address of a file would be a line of our log.


class _TooLong(Exception):
    """Reading took longer than it may."""


class _Found(Memory):
    """A store that only keeps what is wanted, {subject: {predicate: [objects]}}, and watches the time."""

    def __init__(self, clock: Callable[[], float], most_s: float) -> None:
        super().__init__()
        self.said: dict[Any, dict[Any, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self._clock, self._end, self._count = clock, clock() + most_s, 0

    def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
        self._count += 1
        if self._count % 500 == 0 and self._clock() > self._end:
            raise _TooLong
        subject, predicate, value = triple
        if predicate in WANTED and value not in self.said[subject][predicate][-1:]:
            self.said[subject][predicate].append(value)

    def all_of(self, subject: Any, predicate: Any) -> list[Any]:
        return self.said[subject].get(predicate, []) if subject in self.said else []


def read_skos(
    text: str, format: str, language: str, *, clock: Callable[[], float] = time.monotonic, most_s: float = READ_MOST_S
) -> Read:
    """The concepts of a SKOS file in the order of the file, deprecated ones left out.

    Labels: skos:prefLabel (also of SKOS-XL), else rdfs:label; English and French, and where a concept has neither, any
    other as if it were in ``language``. Code: skos:notation, else the last part of the URI. Raises BadAnswer("file").
    """
    found = _parsed(text, format, clock, most_s)
    schemes = [one for one, said in found.said.items() if SKOS.ConceptScheme in said.get(RDF.type, ())]
    concepts = [one for one, said in found.said.items() if SKOS.Concept in said.get(RDF.type, ())] or [
        one for one, said in found.said.items() if SKOS.prefLabel in said and one not in schemes
    ]
    above = {lower: one for one in concepts for lower in found.all_of(one, SKOS.narrower)}
    entries: list[Entry] = []
    problems: list[BadAnswer] = []
    for concept in concepts:
        if _is_deprecated(found, concept):
            continue
        try:
            entries.append(_entry(found, concept, above.get(concept), language))
        except BadAnswer as problem:
            problems.append(problem)
    scheme = _main_scheme(found, schemes, concepts)
    name = next(iter(_labels(found, scheme, language).values()), "") if scheme is not None else ""
    uri = str(scheme) if isinstance(scheme, URIRef) and is_uri(str(scheme)) else ""
    return Read(tuple(entries), tuple(problems), name[:200], uri)


def _parsed(text: str, format: str, clock: Callable[[], float], most_s: float) -> _Found:
    found = _Found(clock, most_s)
    try:
        source = _source(text, format)
        Graph(store=found).parse(source, format=format, publicID=BASE)
    except BadAnswer:
        raise
    except _TooLong:
        raise BadAnswer("file", "This file takes too long to read. Divide it, or send it as CSV.") from None
    except RecursionError:
        raise BadAnswer("file", "This file is nested too deep to be read.") from None
    except STUMBLES as error:
        raise _unreadable(format, error) from None
    return found


def _unreadable(format: str, error: Exception) -> BadAnswer:
    """Where the file is wrong, when the parser tells: its own words quote the file as Python writes it."""
    line = _line_of(error)
    if line:
        return BadAnswer(
            "file",
            "This file cannot be read as %(format)s: something is wrong in line %(line)s.",
            format=_NAMES[format],
            line=line,
        )
    return BadAnswer("file", "This file cannot be read as %(format)s.", format=_NAMES[format])


def _line_of(error: Exception) -> int:
    """The line at which a parser stopped, from 1; 0 when it does not say."""
    match error:
        case json.JSONDecodeError():
            return error.lineno
        case SAXParseException():
            return int(error.getLineNumber() or 0)
        case BadSyntax():
            return int(error.lines) + 1  # It counts from 0.
        case _:
            return 0


_NAMES = {"turtle": "Turtle", "nt": "N-Triples", "xml": "RDF/XML", "json-ld": "JSON-LD"}


def _source(text: str, format: str) -> InputSource:
    """What rdflib may read: nothing in it asks for anything from outside."""
    if format == "json-ld":
        body = json.loads(text)
        _check_contexts(body)
        source: InputSource = PythonInputSource(body, system_id=BASE)
        source.setPublicId(BASE)
        return source
    if format == "xml":
        _check_entities(text)
    return StringInputSource(text, system_id=BASE)


def _check_contexts(body: Any) -> None:
    """Raises BadAnswer when a JSON-LD context is named by its address: it would have to be fetched."""
    waiting = [body]
    while waiting:
        match waiting.pop():
            case dict() as part:
                context = part.get("@context")
                named = [context] if isinstance(context, str) else _strings(context)
                if any(named) or "@import" in part:
                    raise BadAnswer(
                        "file",
                        "This file leaves its context at %(address)s, and nothing is fetched from elsewhere. "
                        "Send it as Turtle or RDF/XML, or with its context in it.",
                        address=str(next(iter(named), part.get("@import")))[:100],
                    )
                waiting.extend(part.values())
            case list() as parts:
                waiting.extend(parts)


def _strings(context: Any) -> list[str]:
    return [part for part in _flat(context) if isinstance(part, str)] if isinstance(context, list) else []


def _flat(parts: list[Any]) -> Iterator[Any]:
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        else:
            yield part


class _Screen(DefusedExpatParser):  # type: ignore[misc]
    """Lets short entities of the file itself pass, as editors of ontologies write them; nothing else."""

    def defused_entity_decl(
        self, name: str, is_parameter: bool, value: str | None, base: Any, sysid: Any, pubid: Any, notation: Any
    ) -> None:
        if is_parameter or value is None or sysid or "&" in value or "%" in value or len(value) > ENTITY_LONGEST:
            super().defused_entity_decl(name, is_parameter, value, base, sysid, pubid, notation)


def _check_entities(text: str) -> None:
    """Raises BadAnswer for entities and document types from outside, and for ones that grow when they are read."""
    refusal = to_translate(
        "This file uses XML entities or a document type from outside, which are not read. Send it as Turtle."
    )
    head = text[: text.find("<rdf:RDF")] if "<rdf:RDF" in text else text
    if "<!ENTITY" in head.upper() and text.count("&") > ENTITIES_MOST * 5:
        raise BadAnswer("file", refusal)
    screen = _Screen(forbid_external=True)
    screen.setContentHandler(ContentHandler())
    try:
        screen.parse(StringInputSource(text, system_id=BASE))
    except DefusedXmlException:
        raise BadAnswer("file", refusal) from None
    except SAXException as error:
        raise _unreadable("xml", error) from None


def _is_deprecated(found: _Found, concept: Any) -> bool:
    said = [str(value).lower() for value in found.all_of(concept, OWL.deprecated)]
    return any(value in ("true", "1") for value in said) or bool(found.all_of(concept, DCTERMS.isReplacedBy))


def _entry(found: _Found, concept: Any, above: Any, language: str) -> Entry:
    uri = "" if isinstance(concept, BNode) or str(concept).startswith(BASE) else str(concept)
    labels = _labels(found, concept, language)
    notation = next((visible(str(one)) for one in found.all_of(concept, SKOS.notation)), "")
    code = make_code(notation) if notation else code_of_uri(str(concept)) if uri else ""
    code = code or make_code(next(iter(labels.values()), "")).lower()
    broader = next(iter(found.all_of(concept, SKOS.broader)), above)
    return checked(Entry(code, labels, uri, str(broader or ""), uri or code, code_is_said=False))


def _labels(found: _Found, subject: Any, language: str) -> dict[str, str]:
    """Labels by language; the first one that is said of each, exact tags before those of a region ("en-GB")."""
    given = [value for name in NAMES[:1] for value in found.all_of(subject, name)]
    given = given or [
        form for label in found.all_of(subject, XL.prefLabel) for form in found.all_of(label, XL.literalForm)
    ]
    given = given or [value for name in NAMES[1:] for value in found.all_of(subject, name)]
    by_tag: dict[str, str] = {}
    for value in given:
        if isinstance(value, Literal) and visible(str(value)):
            by_tag.setdefault((value.language or "").lower(), visible(str(value)))
    labels = {}
    for wanted in LANGUAGES:
        tags = sorted(tag for tag in by_tag if tag.partition("-")[0] == wanted)
        if tags:
            labels[wanted] = by_tag[tags[0]]
    if not labels and by_tag:
        labels[language] = by_tag.get("") or by_tag[sorted(by_tag)[0]]
    elif language not in labels and "" in by_tag:
        labels[language] = by_tag[""]
    return labels


def _main_scheme(found: _Found, schemes: list[Any], concepts: list[Any]) -> Any:
    """The scheme that most concepts are in; None when the file has none."""
    counts: dict[Any, int] = dict.fromkeys(schemes, 0)
    for concept in concepts:
        for predicate in (SKOS.inScheme, SKOS.topConceptOf):
            for scheme in found.all_of(concept, predicate):
                counts[scheme] = counts.get(scheme, 0) + 1
    return max(counts, key=lambda scheme: counts[scheme]) if counts else None
