"""Vocabularies out of files: tables as people write them, SKOS in four notations, and nothing fetched."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest
from rdflib import Graph

from micro.core.vocabularies import CONCEPTS_MOST, Entry, as_table, make_code, plan_import, read_file
from micro.core.vocabularies.entries import Read
from micro.core.vocabularies.skos import read_skos
from micro.errors import BadAnswer

SKOS = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix m: <https://example.org/materials/> .

m:scheme a skos:ConceptScheme ; skos:prefLabel "Materials"@en, "Matières"@fr .
m:metal a skos:Concept ; skos:inScheme m:scheme ; skos:prefLabel "Metal"@en, "Métal"@fr ; skos:narrower m:gold .
m:bronze a skos:Concept ; skos:inScheme m:scheme ; skos:broader m:metal ; skos:notation "BR.1" ;
  skos:prefLabel "Bronze"@en-GB, "Bronze"@fr, "Bronce"@es .
m:gold a skos:Concept ; skos:prefLabel "Gold"@de .
m:tin a skos:Concept ; skos:prefLabel "Tin"@en ; owl:deprecated true .
m:lost a skos:Concept ; skos:inScheme m:scheme .
"""


def rows(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def by_code(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    return {entry.code: entry for entry in entries}


def said(problems: tuple[BadAnswer, ...]) -> list[tuple[str, str]]:
    return [(problem.field, str(problem)) for problem in problems]


# Tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "code,en,fr,uri,broader",
        "Code;Label_EN;Libellé;URI;Broader",
        "Notation\tEnglish\tFrançais\tIdentifier\tTerme générique",
        "code|prefLabel@en|prefLabel@fr|url|parent",
        "code,label,libellé (fr),identifiant,BT",
    ],
)
def test_headings_and_delimiters_are_taken_as_people_write_them(heading: str) -> None:
    delimiter = max(",;\t|", key=heading.count)
    row = delimiter.join(["bronze", "Bronze", "Airain", "https://example.org/bronze", "metal"])
    (entry,) = read_file("list.csv", rows(heading, row)).entries
    assert entry == Entry(
        "bronze", {"en": "Bronze", "fr": "Airain"}, "https://example.org/bronze", "metal", place="2", code_is_said=True
    )


def test_a_label_without_a_language_is_in_the_language_that_the_manager_said() -> None:
    assert read_file("x.csv", rows("label", "Cuivre"), "fr").entries[0].labels == {"fr": "Cuivre"}
    assert read_file("x.csv", rows("label", "Copper"), "en").entries[0].labels == {"en": "Copper"}


def test_each_bad_row_is_told_by_its_number_and_the_others_go_on() -> None:
    read = read_file(
        "list.csv",
        rows(
            "code,en,uri,shelf",
            "bronze,Bronze,,4",
            "b@d,Bad,,",
            "",
            "iron,Iron,not a uri at all,",
            f"long,{'x' * 301},,",
            "gold,Gold,,,more",
            ",,https://example.org/nameless,",
            "tin,Tin,https://example.org/tin,",
        ),
    )
    assert [entry.code for entry in read.entries] == ["bronze", "tin"]
    assert [place for place, _ in said(read.problems)] == ["3", "5", "6", "7", "8"]
    assert said(read.problems)[-1] == ("8", "There is no label.")
    assert read.columns == ("shelf",)


def test_codes_are_made_from_identifiers_and_labels_where_none_is_given() -> None:
    read = read_file(
        "list.csv", rows("en,uri", "Gold,http://vocab.getty.edu/aat/300011021", "Œuvre d’art,", "Local,INV-7")
    )
    assert [(e.code, e.uri) for e in read.entries] == [
        ("300011021", "http://vocab.getty.edu/aat/300011021"),
        ("oeuvre-d-art", ""),
        ("INV-7", ""),
    ]
    assert make_code("…") == "concept"


def test_what_spreadsheets_of_the_west_and_their_unicode_text_write_is_read() -> None:
    for encoded in ("libellé;code\r\nAcier trempé;acier\r\n".encode(how) for how in ("cp1252", "utf-16", "utf-8-sig")):
        assert read_file("x.csv", encoded).entries[0].labels == {"fr": "Acier trempé"}


def test_what_is_exported_is_read_back_as_it_was() -> None:
    entries = (
        Entry("a", {"en": '=1+1, "quoted"', "fr": "’tis"}, "https://example.org/a"),
        Entry("b", {"en": "'tis"}, "", "a"),
    )
    exported = as_table(entries)
    assert "'=1+1" in exported  # A spreadsheet that opens the file runs nothing.
    read = read_file("x.csv", exported.encode())
    assert [(e.code, e.labels, e.uri, e.broader) for e in read.entries] == [
        (e.code, e.labels, e.uri, e.broader) for e in entries
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "This file is empty."),
        (b" \n ", "This file is empty."),
        (b"a,b\n1,2", "The first row must name the columns: code, en, fr, uri, broader."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "The first row must name the columns: code, en, fr, uri, broader."),
        (b"code,en\n", "No concept was found in this file."),
        (b"x" * 10_000_001, "This file is larger than 10 MB."),
        (
            b"code\n" + b"".join(b"c%d\n" % n for n in range(CONCEPTS_MOST + 1)),
            "This file holds more than 20000 concepts.",
        ),
        (
            b"code,en\n" + b'"' + b"x" * 200_000,
            "This file cannot be read as a table (field larger than field limit (131072)).",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        read_file("list.csv", content)
    assert (refused.value.field, str(refused.value)) == ("file", why)


# SKOS ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "format"), [("m.ttl", "turtle"), ("m.nt", "nt"), ("m.rdf", "xml"), ("m.jsonld", "json-ld")]
)
def test_skos_says_the_same_in_all_its_notations(name: str, format: str) -> None:
    content = Graph().parse(data=SKOS, format="turtle").serialize(format=format).encode()
    for file_name in (name, "unnamed"):
        read = read_file(file_name, content, "en")
        found = by_code(read.entries)
        assert set(found) == {"metal", "BR.1", "gold"}  # The deprecated one is left out.
        assert found["BR.1"].labels == {"en": "Bronze", "fr": "Bronze"}
        assert found["BR.1"].uri == "https://example.org/materials/bronze"
        assert found["BR.1"].broader == found["gold"].broader == "https://example.org/materials/metal"
        assert found["gold"].labels == {"en": "Gold"}  # Any language rather than none.
        assert (read.name, read.uri) == ("Materials", "https://example.org/materials/scheme")
        assert said(read.problems) == [("https://example.org/materials/lost", "There is no label.")]


def test_labels_of_skos_xl_and_of_other_schemes_are_found() -> None:
    content = b"""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
    @prefix xl: <http://www.w3.org/2008/05/skos-xl#> .
    <http://e.org/1> a skos:Concept ; xl:prefLabel [ xl:literalForm "Axe"@en ] .
    <http://e.org/2> a skos:Concept ; <http://www.w3.org/2000/01/rdf-schema#label> "Hache"@fr ."""
    assert [e.labels for e in read_file("x.ttl", content).entries] == [{"en": "Axe"}, {"fr": "Hache"}]


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every way out to the network, watched: whoever tries is written down, and refused."""
    tried: list[Any] = []

    def refuse(*args: Any, **_: Any) -> Any:
        tried.append(args)
        raise OSError("a test has no network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


REMOTE = "http://192.0.2.1/context.jsonld"
CONCEPT = {"@id": "http://e.org/1", "@type": "http://www.w3.org/2004/02/skos/core#Concept"}


@pytest.mark.parametrize(
    "body",
    [
        {"@context": REMOTE, **CONCEPT},
        {"@context": [{"a": "http://e.org/"}, REMOTE], **CONCEPT},
        {"@context": [[REMOTE]], **CONCEPT},
        {"@context": {"@import": REMOTE, "@version": 1.1}, **CONCEPT},
        {"@context": {"part": {"@id": "http://e.org/part", "@context": REMOTE}}, **CONCEPT, "part": {"x": "y"}},
        {"@graph": [{"@context": REMOTE, **CONCEPT}]},
        [{"deep": [{"@context": "context.jsonld"}]}, CONCEPT],
    ],
)
def test_no_context_is_ever_fetched(body: Any, no_network: list[Any]) -> None:
    with pytest.raises(BadAnswer, match="nothing is fetched from elsewhere"):
        read_file("x.jsonld", json.dumps(body).encode())
    assert no_network == []


XML = (
    '<?xml version="1.0"?>{dtd}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:skos="http://www.w3.org/2004/02/skos/core#"><skos:Concept rdf:about="http://e.org/1">'
    '<skos:prefLabel xml:lang="en">{label}</skos:prefLabel></skos:Concept></rdf:RDF>'
)


@pytest.mark.parametrize(
    ("dtd", "label"),
    [
        ('<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>', "&secret;"),
        ('<!DOCTYPE x [<!ENTITY secret SYSTEM "http://192.0.2.1/x">]>', "&secret;"),
        ('<!DOCTYPE x [<!ENTITY % more SYSTEM "http://192.0.2.1/x.dtd"> %more;]>', "Axe"),
        ('<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">', "Axe"),
        ('<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;">]>', "&c;"),
        (f'<!DOCTYPE x [<!ENTITY a "{"x" * 201}">]>', "&a;" * 10),
        ('<!DOCTYPE x [<!ENTITY a "xxxx">]>', "&a;" * 200_000),
    ],
)
def test_no_entity_from_outside_and_none_that_grows_is_read(dtd: str, label: str, no_network: list[Any]) -> None:
    with pytest.raises(BadAnswer, match="XML entities"):
        read_file("x.rdf", XML.format(dtd=dtd, label=label).encode())
    assert no_network == []


def test_short_entities_of_the_file_itself_are_read_as_ontology_editors_write_them() -> None:
    content = XML.format(dtd='<!DOCTYPE x [<!ENTITY tool "Axe">]>', label="&tool; of bronze").encode()
    assert read_file("x.owl", content).entries[0].labels == {"en": "Axe of bronze"}


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("x.ttl", b"@prefix skos: <nowhere", "Turtle"),
        ("x.rdf", b"<?xml version='1.0'?><rdf:RDF", "RDF/XML"),
        ("x.jsonld", b'{"@graph": [', "JSON-LD"),
        ("x.nt", b"<http://e.org/1> <http://e.org/2> oops\n", "N-Triples"),
    ],
)
def test_a_damaged_file_is_refused_by_the_name_of_its_notation(name: str, content: bytes, format: str) -> None:
    with pytest.raises(BadAnswer, match=f"cannot be read as {format}"):
        read_file(name, content)


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("x.ttl", b"@prefix e: <http://e.org/> .\n\ne:a e:b 'c' ;; oops .\n", "Turtle"),
        ("x.rdf", b"<?xml version='1.0'?>\n<rdf:RDF>\n<oops", "RDF/XML"),
        ("x.jsonld", b'{\n"@graph": [\n oops', "JSON-LD"),
    ],
)
def test_a_damaged_file_is_refused_by_its_line_and_not_in_the_words_of_a_program(
    name: str, content: bytes, format: str
) -> None:
    with pytest.raises(BadAnswer) as refused:
        read_file(name, content)
    assert str(refused.value) == f"This file cannot be read as {format}: something is wrong in line 3."


def test_a_file_that_is_nested_thousands_deep_is_refused() -> None:
    for name, content in (("x.jsonld", b"[ " * 100_000), ("x.ttl", b"@prefix a: <b> . " + b"a:x a:y [" * 20_000)):
        with pytest.raises(BadAnswer):
            read_file(name, content)


def test_reading_ends_when_its_time_is_over() -> None:
    ticks = iter(range(1_000_000))
    many = "".join(f'<http://e.org/{n}> <http://e.org/p> "x" .\n' for n in range(3000))
    with pytest.raises(BadAnswer, match="takes too long"):
        read_skos(many, "nt", "en", clock=lambda: float(next(ticks)), most_s=3)


def test_twenty_thousand_concepts_are_read_within_the_time() -> None:
    content = SKOS + "".join(
        f'm:c{n} a skos:Concept ; skos:prefLabel "Label {n}"@en, "Libellé {n}"@fr .\n' for n in range(CONCEPTS_MOST - 3)
    )
    begun = time.monotonic()
    assert len(read_file("x.ttl", content.encode()).entries) == CONCEPTS_MOST
    assert time.monotonic() - begun < 20


# What an import would change ---------------------------------------------------------------------------------------

HERE = (
    Entry("bronze", {"en": "Bronze"}, "https://example.org/bronze"),
    Entry("gold", {"en": "Gold", "fr": "Or"}),
    Entry("tin", {"en": "Tin"}, "https://example.org/tin"),
)


def test_a_plan_says_what_is_new_what_changes_and_what_the_file_does_not_know() -> None:
    read = read_file(
        "x.csv",
        rows(
            "code,en,fr,uri,broader",
            "metal,Metal,,,",
            "br,Bronze,Airain,https://example.org/bronze,metal",
            "gold,Gold,,,",
        ),
    )
    plan = plan_import(HERE, read)
    assert [entry.code for entry in plan.added] == ["metal"]
    (change,) = plan.changed
    # The URI is known: the code stays, whatever the file calls it.
    assert (change.after.code, change.after.labels) == ("bronze", {"en": "Bronze", "fr": "Airain"})
    assert change.after.broader == "metal"
    assert plan.same == 1 and [entry.code for entry in plan.missing] == ["tin"]
    assert plan.problems == ()


def test_the_same_file_again_changes_nothing() -> None:
    read = read_file("x.ttl", SKOS.encode())
    first = plan_import((), read)
    again = plan_import(first.added, read)
    assert (again.added, again.changed, again.same, again.missing) == ((), (), 3, ())


def test_a_code_is_never_taken_from_another_concept() -> None:
    read = read_file(
        "x.csv", rows("code,en,uri", "bronze,Brass,https://example.org/brass", "gold,Gold,https://e.org/g")
    )
    plan = plan_import(HERE, read)
    assert plan.added == ()
    assert said(plan.problems) == [("2", "The code “bronze” belongs to a concept with another URI.")]
    assert plan.changed[0].after.uri == "https://e.org/g"  # One that had no URI gets it.
    made = read_file("x.csv", rows("en,uri", "Other tin,https://elsewhere.org/tin"))
    assert [entry.code for entry in plan_import(HERE, made).added] == ["tin-2"]


def test_the_same_concept_twice_in_a_file_is_told() -> None:
    read = read_file("x.csv", rows("code,en,uri", "a,A,https://e.org/a", "a,A,", "b,B,https://e.org/a", "c,C,", "c,C,"))
    plan = plan_import((), read)
    assert [entry.code for entry in plan.added] == ["a", "c"]
    assert [place for place, _ in said(plan.problems)] == ["3", "4", "6"]
    assert said(plan.problems)[0] == ("3", "“a” stands here once more; it stood at 2 already.")


def test_a_concept_below_one_that_is_nowhere_is_taken_and_told() -> None:
    plan = plan_import((), read_file("x.csv", rows("code,en,broader", "a,A,nowhere", "b,B,")))
    assert [(entry.code, entry.broader) for entry in plan.added] == [("a", ""), ("b", "")]
    assert said(plan.problems) == [("2", "There is no concept “nowhere” for this one to stand below.")]


def test_a_circle_is_opened_where_it_closes_and_told() -> None:
    text = rows("code,en,broader", "self,S,self", "a,A,b", "b,B,c", "c,C,a", "d,D,a")
    plan = plan_import((), read_file("x.csv", text))
    assert [entry.broader for entry in plan.added] == ["", "b", "c", "", "a"]
    sentence = "“{}” stands below this concept itself, so this one is taken without it."
    assert said(plan.problems) == [("2", sentence.format("self")), ("5", sentence.format("a"))]


def test_a_circle_with_what_is_here_already_is_opened_and_turning_round_is_none() -> None:
    here = (Entry("a", {"en": "A"}), Entry("b", {"en": "B"}, broader="a"), Entry("c", {"en": "C"}, broader="b"))
    plan = plan_import(here, read_file("x.csv", rows("code,en,broader", "a,A,c")))
    assert (plan.changed, plan.same, len(plan.problems)) == ((), 1, 1)
    turned = plan_import(here, read_file("x.csv", rows("code,en,broader", "a,A,c", "b,B,", "c,C,b")))
    assert len(turned.problems) == 1, "nothing that the file does not say is taken away"
    free = plan_import(here, read_file("x.csv", rows("code,en,broader", "b,B,c", "c,C,a")))
    assert [(one.after.code, one.after.broader) for one in free.changed] == [("b", "c"), ("c", "a")]
    assert free.problems == ()


def test_a_chain_of_twenty_thousand_is_planned_at_once() -> None:
    chain = tuple(Entry(f"c{n}", {"en": "x"}, broader=f"c{n + 1}") for n in range(CONCEPTS_MOST - 1))
    begun = time.monotonic()
    plan = plan_import((), Read((*chain, Entry(f"c{CONCEPTS_MOST - 1}", {"en": "x"}, broader="c0"))))
    assert len(plan.problems) == 1 and time.monotonic() - begun < 5


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "file:///etc/passwd"])
def test_what_runs_or_lies_on_a_computer_is_no_identifier(uri: str) -> None:
    read = read_file("x.csv", rows("code,en,uri", f'a,A,"{uri}"'))
    assert read.entries == () and "is no complete web address" in str(read.problems[0])


def test_a_vocabulary_does_not_grow_beyond_its_bounds() -> None:
    many = tuple(Entry(f"c{n}", {"en": "x"}) for n in range(CONCEPTS_MOST))
    with pytest.raises(BadAnswer, match="at most 20000"):
        plan_import(many, read_file("x.csv", rows("code,en", "new,New")))
