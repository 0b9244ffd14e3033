"""A template is refused, or gives what Jinja gives with the value of the variable: whatever the value is."""

from __future__ import annotations

import os
import random

import jinja2
import pytest
from jinja2.sandbox import SandboxedEnvironment

from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile
from cbx.parse.jinja.template_spans import Template
from cbx.parse.jinja.templates import Templates
from cbx.parse.jinja.unknown_texts import forget_places
from cbx.syntax.text import Text, Variable

VALUES = ("", "DE", "de", " a b ", "17", "%s {}", "b", "x" * 40, "0,1", "a\nb")
TEMPLATES = int(os.environ.get("CBX_UNKNOWN_TEXTS", "800"))

STARTS = (
    'var("x")',
    '("a " ~ var("x"))',
    '(var("x") ~ " ")',
    '("%s-%s" % (var("x"), "c"))',
    '[var("x"), "b"]',
    '["b", [var("x")]]',
    '{"DE": var("x"), "b": "c"}',
    '[{"n": var("x")}, {"n": "b"}]',
    '"plain"',
    '["b", "a"]',
    'twice(var("x"))',
)
STEPS = (
    "({})|string", "({})|upper", "({})|lower", "({})|trim", "({})|length", "({})|wordcount", "({})|first", "({})|last",
    "({})|list", "({})|reverse", "({})|sort", "({})|max", "({})|min", "({})|unique|list", '({})|join("-")',
    '({})|replace("a", "b")', '("a" ~ ({}))|replace("DE", "b")', '"abc"|replace("b", ({})|string)',
    '"abc"|replace(({})|string, "b")', "({})|indent(2)", "({})|int", "({})|float", "({})|tojson", "({})|truncate(5)",
    "({})|center(30)", "({})|title", "({})|capitalize", '({})|default("d")', '({})|default("d", true)',
    '({})|map("upper")|list', '({})|map("string")|join("|")', "({})|select|list", '({})|reject("equalto", "b")|list',
    '({})|selectattr("n", "equalto", "b")|list', '({})|map(attribute="n")|join(" ")', "({})|dictsort",
    '({})|dictsort(false, "value")', '({})|groupby("n")|list', "({})|batch(1)|list", "({})|items|list", '({})|d("e")',
    '"%s" % (({}),)', '"{{}}".format({})', '({})|format("f")', "({})[0]", "({})[0:2]", '({})["DE"]', "({}).n",
    '({}) == "DE"', '({}) != "b"', '({}) < "b"', '"b" in ({})', '({}) in "abc"', '({}) in ["DE", "b"]', "not ({})",
    '({}) and "and"', '({}) or "or"', '"yes" if ({}) else "no"', "({}) is string", "({}) is lower", '({}) is eq("DE")',
    "({}) is iterable", '({}).startswith("D")', '"DE".startswith({})', '({}).split(",")', '({}).count("b")',
    '({}).index("b")', '{{"DE": 1}}.get(({}), 2)', '({}).get("DE", "e")', "({}).values()|list", '({}) + "s"',
    '({}) + ["s"]', "({}) * 2", '({}) ~ "t"', '"t" ~ ({})', "[({})]", '{{"k": ({})}}', '"-".join([({}), "b"])',
    "twice({})", "({}).upper()", "({}).strip()", '({}).replace("D", "F")', "({}).format(1)", "({})|sum", "({})|count",
)  # fmt: skip
FRAMES = (
    "{{{{ {} }}}}",
    "{{% if {} %}}one{{% else %}}two{{% endif %}}",
    "{{% set y %}}{{{{ {} }}}}{{% endset %}}{{{{ y }}}}",
    '{{% set y %}}{{{{ {} }}}}{{% endset %}}{{{{ y == "DE" }}}}',
    "{{% for i in {} %}}<{{{{ i }}}}>{{% endfor %}}",
    '{{% for i in [{}] if i != "b" %}}<{{{{ i }}}}>{{% endfor %}}',
)
MACRO = "{% macro twice(t) %}{{ t }}{{ t }}{% endmacro %}"


def draw_template(chance: random.Random) -> str:
    """A template that uses the variable in some way."""
    expression = chance.choice(STARTS)
    for _ in range(chance.choice((0, 1, 1, 2, 2, 3))):
        expression = chance.choice(STEPS).format(expression)
    return MACRO + chance.choice(FRAMES).format(expression)


def render_with(template: str, value: str) -> str | None:
    """What Jinja renders, given the value of the variable; None if it fails."""
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    try:
        return environment.from_string(template).render(var=lambda _: value)
    except Exception:  # noqa: BLE001 - whatever a filter raises for this value
        return None


def render(template: str) -> Text | None:
    """What the compiler renders; None if it refuses the template."""
    report = Report()
    source = SourceFile("models/a.sql", template)
    rendered = Templates().render(Template(template, source), report, frozenset({"x"}))
    return rendered.text if rendered is not None else None


@pytest.mark.parametrize("seed", range(8))
def test_a_template_gives_what_the_value_gives_or_is_refused(seed: int) -> None:
    """The text with the value in the place of the variable is what Jinja renders with that value."""
    chance = random.Random(seed)
    accepted = with_variable = 0
    for _ in range(TEMPLATES // 8):
        template = draw_template(chance)
        text = render(template)
        if text is None:
            continue
        accepted += 1
        with_variable += bool(text.variables)
        for value in VALUES:
            expected = render_with(template, value)
            # Neither texts of `tojson` in a list, which are no safe texts in cbx, nor iterators, which have an address.
            if expected is not None and "Markup(" not in expected and " object at 0x" not in expected:
                filled = "".join(value if isinstance(part, Variable) else str(part) for part in text.parts)
                assert filled == expected, (template, value)
    assert accepted > TEMPLATES // 80
    assert with_variable


@pytest.mark.parametrize(
    "expression",
    [
        'twice(2).split(",")',
        'twice("")|default("d", true)',
        '"yes" if twice("") else "no"',
        'twice("D") == "DD"',
        '(twice("b") in ["bb"])',
        "twice(true)|center(30)",
        "twice(1)|length",
        "[twice(1)]",
        '{twice("k"): [twice("v")]}',
        "twice(12)[1:3]",
        'twice("a").upper().count("A")',
        "[[twice(1)], 2]|tojson",
        '"%s" % ([twice(1)],)',
    ],
)
def test_a_text_of_a_macro_is_like_any_other(expression: str) -> None:
    """It has marks of the places in the template that made it, which no operation reads; so has a block that is set."""
    for template in (
        f"{MACRO}{{{{ {expression} }}}}",
        f"{MACRO}{{% set y %}}{{{{ {expression} }}}}{{% endset %}}{{{{ y|list }}}}",
    ):
        text = render(template)

        assert text is not None
        assert "".join(map(str, text.parts)) == render_with(template, "")


def test_a_list_with_shared_parts_is_copied_once() -> None:
    """Fifty lists of the list before, twice, have as many texts as no machine can hold."""
    value: list[object] = ["\0@3\0text"]
    value.append(value)
    for _ in range(50):
        value = [value, value]
    copy = forget_places(value)
    for _ in range(50):
        assert copy[0] is copy[1]
        copy = copy[0]

    assert copy[0] == "text"
