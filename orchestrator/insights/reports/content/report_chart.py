"""A report's bar or line chart as SVG, for pages without scripts. Other kinds are shown in Desk only."""

from collections.abc import Iterator
from typing import Any

from frappe.utils import escape_html, flt

CHART_TYPES = ("bar", "line")
COLORS = ("#2490ef", "#29cd42", "#ffa00a", "#e24c4c", "#7575ff", "#a9b6c2")
WIDTH, HEIGHT = 720, 190
TOP, BASE = 20, 160  # horizontal range of the plot
MAX_GROUPS = 24
MAX_LABEL_LENGTH = 14
BAR_SHARE = 0.7  # of a group's width, the rest is space between groups


def render_svg(chart: dict[str, Any] | None) -> str:
	"""Return the chart, or an empty string if its kind is not supported or it has no data."""
	data = (chart or {}).get("data") or {}
	labels = [str(label) for label in data.get("labels") or []][:MAX_GROUPS]
	series = [
		(str(item.get("name") or ""), _list_values(item, labels)) for item in data.get("datasets") or []
	]
	if (chart or {}).get("type") not in CHART_TYPES or not labels or not series:
		return ""
	return (
		f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
		' font-size="9" font-family="sans-serif">' + "".join(_render_shapes(labels, series)) + "</svg>"
	)


def _list_values(dataset: dict[str, Any], labels: list[str]) -> list[float]:
	"""Return a number for each label."""
	values = [flt(value) for value in dataset.get("values") or []][: len(labels)]
	return values + [0.0] * (len(labels) - len(values))


def _render_shapes(labels: list[str], series: list[tuple[str, list[float]]]) -> Iterator[str]:
	"""Yield legend, axis, bars and labels. A line's values are drawn as bars as well."""
	highest = max((value for _name, values in series for value in values), default=0) or 1
	lowest = min(0.0, *(value for _name, values in series for value in values))
	scale = (BASE - TOP) / (highest - lowest)
	axis = BASE + lowest * scale
	group = WIDTH / len(labels)
	bar = group * BAR_SHARE / len(series)
	yield from _render_legend([name for name, _values in series])
	for number, (_name, values) in enumerate(series):
		for index, value in enumerate(values):
			left = index * group + group * (1 - BAR_SHARE) / 2 + number * bar
			top, height = axis - max(value, 0) * scale, abs(value) * scale
			yield f'<rect x="{left:.1f}" y="{top:.1f}" width="{bar:.1f}" height="{height:.1f}" fill="{_get_color(number)}"/>'
	yield f'<line x1="0" x2="{WIDTH}" y1="{axis:.1f}" y2="{axis:.1f}" stroke="#6b7580"/>'
	for index, label in enumerate(labels):
		yield _render_text(index * group + group / 2, BASE + 14, _truncate_label(label), "middle")


def _render_legend(names: list[str]) -> Iterator[str]:
	"""Yield the names of the series beside their colours."""
	room = WIDTH / len(names)
	for number, name in enumerate(names):
		yield f'<rect x="{number * room:.1f}" y="2" width="8" height="8" fill="{_get_color(number)}"/>'
		yield _render_text(number * room + 12, 10, name, "start")


def _render_text(left: float, base: float, text: str, anchor: str) -> str:
	"""Return a piece of text."""
	return f'<text x="{left:.1f}" y="{base}" text-anchor="{anchor}">{escape_html(text)}</text>'


def _truncate_label(label: str) -> str:
	"""Return a label cut to the space beside its neighbours."""
	return label if len(label) <= MAX_LABEL_LENGTH else f"{label[: MAX_LABEL_LENGTH - 1]}…"


def _get_color(number: int) -> str:
	"""Return the colour of a series."""
	return COLORS[number % len(COLORS)]
