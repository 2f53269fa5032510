"""What is read of ALTO and PAGE files: lines in reading order, shapes, types, readings. And what is refused."""

from __future__ import annotations

import json

import pytest

from micro.core.layout import LARGEST_BYTES, read_layout
from micro.core.layout.parts import MOST_LINES, MOST_POINTS, PageLayout, lines_of, to_body
from micro.errors import BadPicture


def alto(inner: str, version: int = 4, head: str = "", page: str = 'WIDTH="1000" HEIGHT="800"') -> bytes:
    """A small ALTO file: ``inner`` stands in its print space."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <alto xmlns="http://www.loc.gov/standards/alto/ns-v{version}#">{head}
      <Layout><Page ID="p1" {page}><PrintSpace>{inner}</PrintSpace></Page></Layout></alto>""".encode()


def alto_line(name: str, inner: str = "", more: str = "") -> str:
    return f'<TextLine ID="{name}" HPOS="10" VPOS="20" WIDTH="300" HEIGHT="40" {more}>{inner}</TextLine>'


def in_block(*lines: str, name: str = "b1", more: str = "") -> str:
    return f'<TextBlock ID="{name}" {more}>{"".join(lines)}</TextBlock>'


def page_xml(inner: str, day: str = "2019-07-15") -> bytes:
    """A small PAGE file."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/{day}"><Metadata/>
      <Page imageFilename="scans\\roll.jpg" imageWidth="1000" imageHeight="800">{inner}</Page></PcGts>""".encode()


def page_region(name: str, *lines: str, more: str = "") -> str:
    return f'<TextRegion id="{name}" {more}><Coords points="0,0 500,0 500,300 0,300"/>{"".join(lines)}</TextRegion>'


def page_line(name: str, inner: str = "", more: str = "") -> str:
    return f'<TextLine id="{name}" {more}><Coords points="10,20 310,20 310,60 10,60"/>{inner}</TextLine>'


def texts(page: PageLayout) -> list[str | None]:
    return [line.text for line in page.lines]


def ids(page: PageLayout) -> list[str]:
    return [line.id for line in page.lines]


# ALTO --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [2, 3, 4])
def test_alto_2_3_and_4_are_read(version: int) -> None:
    page = read_layout(alto(in_block(alto_line("l1", '<String CONTENT="Ceci"/>')), version))
    assert (page.format, page.width, page.height) == (f"ALTO {version}", 1000, 800)
    assert page.lines[0].box == (10, 20, 300, 40) and texts(page) == ["Ceci"]


def test_the_version_is_the_one_of_the_schema_where_the_file_names_it() -> None:
    exact = alto("").replace(
        b"<alto ",
        b'<alto xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        b'xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v4# http://x/alto-4-2.xsd" ',
    )
    assert read_layout(exact).format == "ALTO 4.2"
    assert read_layout(alto("").replace(b"<alto ", b'<alto SCHEMAVERSION="3.1" ')).format == "ALTO 3.1"
    assert read_layout(b"<alto><Layout><Page/></Layout></alto>").format == "ALTO"


def test_words_are_joined_by_their_spaces_or_by_some_where_the_file_has_none() -> None:
    spaced = '<String CONTENT="Je"/><SP/><String CONTENT="sous"/><String CONTENT="signé"/><HYP CONTENT="-"/>'
    bare = '<String CONTENT="Je"/><String CONTENT="soussigné"/>'
    whole = '<String CONTENT="Ceci est  mon testament"/>'
    lines = [alto_line(f"l{n}", inner) for n, inner in enumerate((spaced, bare, whole, '<String CONTENT=""/>', ""))]
    page = read_layout(alto(in_block(*lines)))
    assert texts(page) == ["Je soussigné-", "Je soussigné", "Ceci est mon testament", None, None]


def test_a_lines_confidence_is_the_mean_of_its_words_by_their_length() -> None:
    words = '<String CONTENT="abcd" WC="0.9"/><SP/><String CONTENT="e" WC="0.4"/><SP/><String CONTENT="unsaid"/>'
    odd = '<String CONTENT="odd" WC="87"/>'
    page = read_layout(alto(in_block(alto_line("l1", words), alto_line("l2", odd))))
    assert [line.confidence for line in page.lines] == [0.8, None]


@pytest.mark.parametrize(
    ("written", "points"),
    [
        ('BASELINE="55"', ((10, 55), (310, 55))),
        ('BASELINE="10 50 310 52.5"', ((10, 50), (310, 52.5))),
        ('BASELINE="10,50 310,52"', ((10, 50), (310, 52))),
        ('BASELINE="10 50 310"', ()),
        ('BASELINE="here"', ()),
        ("", ()),
    ],
)
def test_a_baseline_is_a_height_or_points(written: str, points: tuple[tuple[float, float], ...]) -> None:
    assert read_layout(alto(in_block(alto_line("l1", more=written)))).lines[0].baseline == points


def test_a_polygon_goes_before_a_box() -> None:
    shape = '<Shape><Polygon POINTS="12 22 300,24 300 58"/></Shape>'
    line = read_layout(alto(in_block(alto_line("l1", shape)))).lines[0]
    assert line.polygon == ((12, 22), (300, 24), (300, 58)) and line.box == (12, 22, 288, 36)
    flat = '<Shape><Polygon POINTS="12 22 12 22 12 22"/></Shape>'
    line = read_layout(alto(in_block(alto_line("l1", flat)))).lines[0]
    assert line.polygon == () and line.box == (10, 20, 300, 40)


def test_a_line_without_a_shape_has_its_words_shape_or_is_skipped_and_counted() -> None:
    words = (
        '<String CONTENT="a" HPOS="5" VPOS="6" WIDTH="10" HEIGHT="8"/>'
        '<String CONTENT="b" HPOS="30" VPOS="4" WIDTH="5" HEIGHT="9"/>'
    )
    lines = (
        f'<TextLine ID="words">{words}</TextLine>',
        '<TextLine ID="none"><String CONTENT="lost"/></TextLine>',
        '<TextLine ID="odd" HPOS="nan" VPOS="1" WIDTH="5" HEIGHT="5"/>',
        '<TextLine ID="far" HPOS="1e300" VPOS="1" WIDTH="5" HEIGHT="5"/>',
        '<TextLine ID="flat" HPOS="1" VPOS="1" WIDTH="0" HEIGHT="5"/>',
    )
    page = read_layout(alto(in_block(*lines)))
    assert ids(page) == ["words"] and page.lines[0].box == (5, 4, 30, 10) and page.skipped == 4


TAGS = """<Tags><OtherTag ID="t1" LABEL="MarginTextZone"/><StructureTag ID="t2" LABEL="First_line"/>
  <OtherTag ID="t3" LABEL="DefaultLine"/><NamedEntityTag ID="t4" LABEL="Person"/><OtherTag ID="t5"/></Tags>"""


def test_a_lines_type_is_its_tags_label_and_else_its_blocks() -> None:
    lines = [alto_line(f"l{n}", more=f'TAGREFS="{tags}"') for n, tags in enumerate(("t4 t2", "t3", "t5 gone", ""))]
    page = read_layout(
        alto(in_block(*lines, more='TAGREFS="t1"') + in_block(alto_line("l9", more='TAGREFS="t3"')), head=TAGS)
    )
    margin = "MarginTextZone"
    assert [line.type for line in page.lines] == ["First_line", margin, margin, margin, "DefaultLine"]
    assert page.blocks[0].type == margin


def test_lines_come_in_the_order_of_the_file_or_of_its_reading_order() -> None:
    inner = in_block(alto_line("a1"), alto_line("a2"), name="a") + in_block(alto_line("b1"), alto_line("b2"), name="b")
    nested = f'<ComposedBlock ID="c1">{inner}</ComposedBlock>' + in_block(alto_line("z"), name="last")
    assert ids(read_layout(alto(nested))) == ["a1", "a2", "b1", "b2", "z"]
    order = """<ReadingOrder><OrderedGroup ID="g"><ElementRef ID="r1" REF="b"/>
      <UnorderedGroup ID="h"><ElementRef ID="r2" REF="a2"/></UnorderedGroup><ElementRef ID="r3" REF="b1"/>
      </OrderedGroup></ReadingOrder>"""
    assert ids(read_layout(alto(nested, head=order))) == ["b2", "a2", "b1", "a1", "z"]
    whole = '<ReadingOrder><OrderedGroup ID="g"><ElementRef ID="r" REF="last c1"/></OrderedGroup></ReadingOrder>'
    assert ids(read_layout(alto(nested, head=whole))) == ["z", "a1", "a2", "b1", "b2"]


def test_a_page_without_a_size_has_that_of_its_print_space() -> None:
    space = alto("", page='WIDTH="0"').replace(
        b"<PrintSpace>", b'<PrintSpace HPOS="5" VPOS="6" WIDTH="90" HEIGHT="80">'
    )
    assert (read_layout(space).width, read_layout(space).height) == (95, 86)
    assert (read_layout(alto("", page="")).width, read_layout(alto("", page="")).height) == (0, 0)


def test_the_picture_is_named_without_the_folders_of_whoever_wrote_the_file() -> None:
    source = "<sourceImageInformation><fileName>C:\\scans\\a b.tif </fileName></sourceImageInformation>"
    assert read_layout(alto("", head=f"<Description>{source}</Description>")).file_name == "a b.tif"


# PAGE --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2013-07-15", "2019-07-15"])
def test_page_2013_and_2019_are_read(day: str) -> None:
    shape = '<Baseline points="10,55 310,57"/><TextEquiv conf="0.75"><Unicode>Ceci\nest</Unicode></TextEquiv>'
    page = read_layout(page_xml(page_region("r1", page_line("l1", shape)), day))
    assert (page.format, page.width, page.height, page.file_name) == (f"PAGE {day}", 1000, 800, "roll.jpg")
    line = page.lines[0]
    assert (line.block, line.box, line.text, line.confidence) == ("r1", (10, 20, 300, 40), "Ceci est", 0.75)
    assert line.polygon == ((10, 20), (310, 20), (310, 60), (10, 60)) and line.baseline == ((10, 55), (310, 57))
    assert page.blocks[0].box == (0, 0, 500, 300)


def test_points_that_are_elements_of_their_own_are_read_as_well() -> None:
    old = '<TextLine id="l1"><Coords><Point x="1" y="2"/><Point x="9" y="2"/><Point x="9" y="8"/></Coords></TextLine>'
    assert read_layout(page_xml(page_region("r1", old), "2010-03-19")).lines[0].box == (1, 2, 8, 6)


def test_the_reading_of_the_lowest_index_counts_and_else_the_words() -> None:
    two = "".join(
        f'<TextEquiv index="{index}"><Unicode>{word}</Unicode></TextEquiv>'
        for index, word in ((10, "worst"), (9, "worse"), (2, "best"))
    )
    words = "".join(
        f'<Word id="w{n}"><TextEquiv conf="{conf}"><Unicode>{word}</Unicode></TextEquiv></Word>'
        for n, (word, conf) in enumerate((("Ceci", 1), ("a", 0)))
    )
    plain = "<TextEquiv><PlainText>plain</PlainText></TextEquiv>"
    lines = [page_line(f"l{n}", inner) for n, inner in enumerate((two, words, plain, ""))]
    page = read_layout(page_xml(page_region("r1", *lines)))
    assert texts(page) == ["best", "Ceci a", "plain", None]
    assert [line.confidence for line in page.lines] == [None, 0.8, None, None]


def test_a_types_own_word_goes_before_the_standards() -> None:
    own = 'custom="readingOrder {index:0;} structure {score:1; type:marginalia;}"'
    lines = page_line("l1", more=own), page_line("l2")
    page = read_layout(
        page_xml(page_region("r1", *lines, more='type="paragraph"') + page_region("r2", page_line("l3")))
    )
    assert [line.type for line in page.lines] == ["marginalia", "paragraph", ""]


def test_regions_come_in_the_order_of_their_groups_and_those_left_out_at_the_end() -> None:
    order = """<ReadingOrder><OrderedGroup id="g">
      <RegionRefIndexed index="2" regionRef="r1"/>
      <UnorderedGroupIndexed index="1" id="u"><RegionRef regionRef="r4"/></UnorderedGroupIndexed>
      <RegionRefIndexed index="0" regionRef="r3"/></OrderedGroup></ReadingOrder>"""
    nested = page_region("r3", page_line("c"), page_region("r4", page_line("d")))
    regions = page_region("r1", page_line("a1"), page_line("a2")) + page_region("r2", page_line("b")) + nested
    assert ids(read_layout(page_xml(order + regions))) == ["c", "d", "a1", "a2", "b"]
    assert ids(read_layout(page_xml(regions))) == ["a1", "a2", "b", "c", "d"]


def test_a_page_line_without_a_shape_is_skipped_and_counted() -> None:
    bare = '<TextLine id="bare"><TextEquiv><Unicode>lost</Unicode></TextEquiv></TextLine>'
    two = '<TextLine id="two"><Coords points="1,1 2,2"/></TextLine>'
    page = read_layout(page_xml(page_region("r1", bare, two, page_line("l1"))))
    assert ids(page) == ["l1"] and page.skipped == 2


# What is kept ------------------------------------------------------------------------------------------------------


def test_what_is_kept_as_json_gives_the_same_lines() -> None:
    inner = '<Shape><Polygon POINTS="12 22 300.5 24 300 58"/></Shape><String CONTENT="Ceci" WC="0.5"/>'
    page = read_layout(alto(in_block(alto_line("l1", inner, 'BASELINE="1 2 3 4"'), alto_line("l2"))))
    body = json.loads(json.dumps(to_body(page)))
    assert lines_of(body) == page.lines
    assert (body["line_count"], body["text_count"], body["skipped"]) == (2, 1, 0)


# What is refused ---------------------------------------------------------------------------------------------------

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><alto>&c;</alto>'
THIEF = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><alto>&b;</alto>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged or cut off"),
        (b"\xff\xd8\xff\xe0 a picture", "damaged or cut off"),
        (alto(in_block(alto_line("l1")))[:-40], "damaged or cut off"),
        (b'<?xml version="1.0" encoding="klingon"?><alto/>', "damaged or cut off"),
        (b"<alto>\xff</alto>", "damaged or cut off"),
        (b"<html><body/></html>", "neither an ALTO nor a PAGE file"),
        (b"<alto/>", "describes 0 pages"),
        (alto("").replace(b"</Layout>", b"<Page/></Layout>"), "describes 2 pages"),
        (b"<PcGts/>", "describes no page"),
        (BOMB, "entities of its own"),
        (THIEF, "entities of its own"),
        (b'<!DOCTYPE alto SYSTEM "http://example.org/alto.dtd"><alto/>', "entities of its own"),
    ],
)
def test_anything_else_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(BadPicture, match=reason):
        read_layout(content)


def test_far_too_many_lines_and_far_too_large_files_are_refused() -> None:
    with pytest.raises(BadPicture, match=f"names {MOST_LINES + 1} lines; at most {MOST_LINES} are taken"):
        read_layout(alto(in_block(alto_line("l") * (MOST_LINES + 1))))
    with pytest.raises(BadPicture, match="has 50 MB"):
        read_layout(b"<alto>" + b" " * LARGEST_BYTES)


def test_what_is_nested_thousands_deep_is_refused_or_read_but_breaks_nothing() -> None:
    groups = '<OrderedGroup id="g">' * 20_000 + "</OrderedGroup>" * 20_000
    with pytest.raises(BadPicture, match="nested too deeply"):
        read_layout(page_xml(f"<ReadingOrder>{groups}</ReadingOrder>" + page_region("r1", page_line("l1"))))
    deep = "<ComposedBlock>" * 20_000 + in_block(alto_line("l1")) + "</ComposedBlock>" * 20_000
    assert ids(read_layout(alto(deep))) == ["l1"]


def test_of_an_outline_of_endless_points_some_are_taken() -> None:
    points = " ".join(f"{n} {n % 7}" for n in range(20 * MOST_POINTS))
    line = alto_line("l1", f'<Shape><Polygon POINTS="{points}"/></Shape>')
    assert 100 < len(read_layout(alto(in_block(line))).lines[0].polygon) <= MOST_POINTS


def test_comments_and_instructions_between_the_elements_are_passed_over() -> None:
    page = read_layout(alto("<!-- one --><?two three?>" + in_block("<!-- four -->", alto_line("l1"))))
    assert ids(page) == ["l1"]
