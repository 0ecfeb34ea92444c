"""The Metrics page in Desk: the HTML of its charts. Runs the page's own code in Node."""

import json
import re
import subprocess

from tests.support.source import ROOT

SHARED = ROOT / "orchestrator/public/js/charts.js"
CHARTS = ROOT / "orchestrator/public/js/metrics/charts.js"
ATTACK = "<img src=x onerror=alert(1)>"
# The tooltip of frappe-charts, as far as it takes values: it writes each of them with innerHTML
SCRIPT = """
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const frappe = { utils: { escape_html: (text) => text.replace(/[&<>"']/g, (letter) => escapes[letter]) } };
const shown = [];
const chart = { tip: { setValues: (...values) => shown.push(values) } };
%(function)s
escape_tooltip(chart);
chart.tip.setValues(1, 2, { name: %(attack)s, value: 7, valueFirst: 1 }, [{ title: %(attack)s, value: 3, formatted: "3 <b>" }], 4);
chart.tip.setValues(1, 2, { name: %(attack)s, value: "9%%" });
console.log(JSON.stringify(shown));
"""


def test_tooltip_of_a_chart_escapes_labels_and_leaves_numbers():
	function = re.search(
		r"^\tfunction escape_tooltip\(chart\) \{.*?^\t\}", SHARED.read_text(), re.DOTALL | re.MULTILINE
	)
	script = SCRIPT % {"function": function[0], "attack": json.dumps(ATTACK)}
	run = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
	bars, slices = json.loads(run.stdout)
	safe = "&lt;img src=x onerror=alert(1)&gt;"
	assert bars == [
		1, 2, {"name": safe, "value": 7, "valueFirst": 1}, [{"title": safe, "value": 3, "formatted": "3 &lt;b&gt;"}], 4,
	]  # fmt: skip
	assert slices == [1, 2, {"name": safe, "value": "9%"}, [], -1]


def test_every_chart_of_the_page_is_drawn_with_a_safe_tooltip():
	source = CHARTS.read_text()
	assert source.count("new frappe.Chart(") == source.count("		escape_tooltip(chart);") == 1
