"""The curves of the replay study as a picture (SVG), one panel a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDE, HIGH, LEFT, TOP, BETWEEN = 300, 220, 60, 44, 84
LOOKS = {  # Rule: colour, dashes, what the legend says.
    "fixed": ("#5b6470", "", "the same number of answers for every item"),
    "adaptive": ("#0b5fa5", "", "asking on where it pays"),
    "oracle": ("#9a5b00", "5 4", "the bound: who knows the truth"),
}
Points = Sequence[tuple[float, float, float]]


def picture(curves: Mapping[str, Mapping[str, Points]]) -> str:
    """The whole file. Answers an item to the right, accuracy upwards."""
    columns = min(2, max(1, len(curves)))
    lines = -(-len(curves) // columns)
    wide, high = columns * (WIDE + BETWEEN) + LEFT - 40, lines * (HIGH + BETWEEN) + TOP + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#1d2329">',
        "<title>Accuracy against answers an item: fixed redundancy, adaptive redundancy, and the bound</title>",
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>',
    ]
    for place, (name, rules) in enumerate(curves.items()):
        across, down = place % columns, place // columns
        parts.append(_panel(name, rules, LEFT + across * (WIDE + BETWEEN), TOP + down * (HIGH + BETWEEN)))
    at = LEFT
    for colour, dashes, text in LOOKS.values():
        parts.append(
            f'<line x1="{at}" y1="{high - 16}" x2="{at + 22}" y2="{high - 16}" stroke="{colour}" '
            f'stroke-width="2" stroke-dasharray="{dashes}"/><text x="{at + 28}" y="{high - 12}">{text}</text>'
        )
        at += 44 + int(6.3 * len(text))
    return "\n".join([*parts, "</svg>\n"])


def _panel(name: str, rules: Mapping[str, Points], left: float, top: float) -> str:
    fixed = rules["fixed"]
    most = max(point[1] for point in fixed)
    low, high = min(point[2] for point in fixed), max(point[2] for points in rules.values() for point in points)
    room = 0.06 * (high - low)

    def across(answers: float) -> float:
        return left + WIDE * (answers - 0.9) / (most - 0.8)

    def up(accuracy: float) -> float:
        return top + HIGH * (1 - (accuracy - low + room) / (high - low + 2 * room))

    parts = [
        f'<text x="{left}" y="{top - 12}" font-weight="600">{escape(name)}</text>',
        f'<path d="M{left} {top}v{HIGH}h{WIDE}" fill="none" stroke="#aab2bb"/>',
        f'<text x="{left + WIDE / 2}" y="{top + HIGH + 34}" text-anchor="middle">answers an item</text>',
        f'<text transform="translate({left - 40} {top + HIGH / 2}) rotate(-90)" text-anchor="middle">right, %</text>',
    ]
    for count in range(1, int(most) + 1):
        parts.append(f'<text x="{across(count):.1f}" y="{top + HIGH + 16}" text-anchor="middle">{count}</text>')
    step = next(one for one in (1, 2, 5, 10, 20) if (high - low) / one <= 6)
    for accuracy in range(-(-int(low) // step) * step, int(high + room) + 1, step):
        if up(accuracy) <= top + HIGH:
            parts.append(f'<text x="{left - 6}" y="{up(accuracy) + 4:.1f}" text-anchor="end">{accuracy}</text>')
            parts.append(f'<path d="M{left} {up(accuracy):.1f}h{WIDE}" stroke="#e4e8ec"/>')
    for rule, (colour, dashes, _) in LOOKS.items():
        inside = sorted((p[1], p[2]) for p in rules.get(rule, ()) if p[1] <= most + 0.05 and p[2] >= low - room)
        path = " ".join(f"{across(a):.1f},{up(b):.1f}" for a, b in inside)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'
        )
        if rule == "fixed":
            parts += [f'<circle cx="{across(a):.1f}" cy="{up(b):.1f}" r="3.5" fill="{colour}"/>' for a, b in inside]
    return "\n".join(parts)
