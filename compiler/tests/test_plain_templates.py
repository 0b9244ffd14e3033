"""Plain templates are read without Jinja: they become what Jinja makes of them."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile
from cbx.parse.jinja.template_spans import Template
from cbx.parse.jinja.templates import Templates

MACROS = "{% macro over(column, limit='1') %}{{ column }} > {{ limit }}{% endmacro %}"
VARIABLES = frozenset({"landing", "limit"})

_texts = st.sampled_from(
    ['"silver.a"', "'silver.a'", '"b"', '"é\n"', "'{{ x }}'", '"\\n"', '"%}"', "'it\"s'", '""', "1", "x"]
)
_names = st.sampled_from(["", "", "", "format=", "limit = ", "column="])
_words = st.sampled_from(
    ["ref", "stream", "source", "auto_loader", "kafka", "read", "var", "secret", "over", "range", "unknown"]
)
_spaces = st.sampled_from(["", " ", "\n", "\t "])
_arguments = st.lists(st.tuples(_spaces, _names, _texts).map("".join), max_size=3).map(",".join)
_calls = st.builds(
    "{}{}{}({}){}{}".format,
    st.sampled_from(["{{", "{{", "{{", "{{-", "{%"]),
    _spaces,
    st.one_of(_words, st.just('var("landing")'), st.just("")),
    _arguments,
    st.sampled_from(["", "", "", " | upper", ".x", ","]),
    st.sampled_from(["}}", " }}", "\n}}", "-}}", "%}"]),
)
_data = st.sampled_from(["SELECT 1", " ", "\n", "{", "}}", "{#", "#}", "{ {", "é", "'", "\r\n", "{{", ""])
_templates = st.lists(st.one_of(_calls, st.just('{{ ref("silver.a") }}'), _data), max_size=6).map("".join)


def _outcome(text: str, *, plainly: bool, inputs_allowed: bool) -> object:
    report = Report()
    templates = Templates(always_jinja=not plainly)
    templates.add_macros(SourceFile("macros/m.sql", MACROS), report)
    source = SourceFile("models/silver/m.sql", "-- m\n" + text)
    rendered = templates.render(Template(text, source, 5), report, VARIABLES, inputs_allowed=inputs_allowed)
    found = rendered and (rendered.text, rendered.calls, rendered.spans.pairs)
    return found, report.sorted_diagnostics()


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(text=_templates, inputs_allowed=st.booleans())
@example(text='{{ ref("silver.a") }} {{ ref("silver.a") }}{{ over("a", limit="2") }}', inputs_allowed=True)
@example(text='{{ auto_loader("{{ var(\'landing\') }}/x", format="json") }}', inputs_allowed=True)
@example(text='{{ref()}}{{ref()}}{{\nover()}}{{ ref("silver.a") }}', inputs_allowed=True)
def test_a_plain_template_becomes_what_jinja_makes_of_it(text: str, *, inputs_allowed: bool) -> None:
    """Texts, calls, places and diagnostics are the same with and without the short way."""
    actual = _outcome(text, plainly=True, inputs_allowed=inputs_allowed)

    expected = _outcome(text, plainly=False, inputs_allowed=inputs_allowed)

    assert expected == actual
