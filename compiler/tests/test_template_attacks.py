"""No template runs long, builds much, or reaches what is not its own, whatever it says."""

from __future__ import annotations

import time

import pytest

from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile
from cbx.parse.jinja.rendered_marks import RenderedTemplate
from cbx.parse.jinja.template_spans import Template
from cbx.parse.jinja.templates import Templates

SHARED = "{% set x = (1,) %}{% set y = (1,) %}" + "{% set x = (x, x) %}{% set y = (y, y) %}" * 40
LONG = "{% set t = 'x' * 100000 %}{% set r = range(100000) %}"
MACRO = "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(100) }}"
CHAIN = (
    "{% macro m0() %}a{% endmacro %}"
    + "".join(f"{{% macro m{n + 1}() %}}{{{{ m{n}() }}}}{{{{ m{n}() }}}}{{% endmacro %}}" for n in range(50))
    + "{{ m50() }}"
)

TOO_MUCH = {
    "loops in loops": "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "loops over what was made before": LONG + "{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
    "loops whose condition is false": LONG + "{% for a in r %}{% for b in r if false %}{% endfor %}{% endfor %}",
    "loops that call themselves": "{% for x in range(9999) recursive %}"
    "{% if loop.depth < 3 %}{{ loop(range(9999)) }}{% endif %}" + "x" * 100000 + "{% endfor %}",
    "plain text in a loop": "{% for a in range(100000) %}" + "x" * 100000 + "{% endfor %}",
    "a caller's text in a loop": "{% macro m() %}{% for i in range(99999) %}{{ caller() }}{% endfor %}{% endmacro %}"
    "{% call m() %}" + "x" * 100000 + "{% endcall %}",
    "macros that call themselves twice": MACRO,
    "macros that each call another twice": CHAIN,
    "blocks that print themselves": "{% block a %}" + "x" * 100000 + "{{ self.a() }}{% endblock %}",
    "doubling by joining": "{% set x = 'aaaa' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
    "doubling by adding": "{% set x = 'aaaa' %}" + "{% set x = x + x %}" * 40 + "{{ x }}",
    "doubling by printing": "{% set x %}aaaa{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40 + "{{ x }}",
    "doubling by extending": "{% set b = [1] %}{% for a in range(100) %}{% set _ = b.extend(b) %}{% endfor %}",
    "multiplying a text": "{{ 'a' * 10**10 }}",
    "multiplying a list": "{{ (10**9 * [0]) | length }}",
    "powers": "{{ 10 ** 100000000 }}",
    "squares": "{% set y = 99 %}" + "{% set y = y * y %}" * 40 + "{{ y }}",
    "numbers of many digits": "{{ ('f' * 100000) | int(base=16) }}",
    "a width": "{{ '%1000000000d' % 1 }}",
    "a width by its argument": "{{ '%*d' % (1000000000, 1) }}",
    "a width behind brackets": "{{ '%((a))1000000000d' % {'(a)': 1} }}",
    "a width of the filter": "{{ '%.1000000000f' | format(1) }}",
    "a width of the method": "{{ '{:1000000000}'.format(1) }}",
    "a width within a width": "{{ '{:{}}'.format(1, 1000000000) }}",
    "many fields": LONG + "{{ ('{0}' * 10000).format(t) }}",
    "centring": "{{ 'a' | center(1000000000) }}",
    "filling with zeros": "{{ 'a'.zfill(1000000000) }}",
    "indenting": "{{ ('\n' * 100000) | indent(100000) }}",
    "filling up batches": "{{ [1] | batch(1000000000, 0) | list }}",
    "rounding": "{{ 5 | round(-1000000000) }}",
    "indenting JSON": "{{ [1, 2] | tojson(indent=1000000000) }}",
    "joining by long texts": LONG + "{{ r | join(t) }}",
    "replacing by long texts": LONG + "{{ t.replace('x', t) }}",
    "adding lists up": "{{ ([[1]] * 100000) | sum(start=[]) }}",
    "comparing long texts": LONG + "{% set u = 'x' * 100000 %}{% for a in r %}{% if t == u %}{% endif %}{% endfor %}",
    "cutting long texts": LONG + "{% for a in r %}{% set u = t[1:] %}{% endfor %}",
    "searching long texts": LONG + "{% for a in r %}{% set u = t | wordcount %}{% endfor %}",
    "sorting by a macro": "{% macro k(x) %}{% for i in range(999) %}{% endfor %}{% endmacro %}"
    "{% set l = range(99999) | list %}{% set _ = l.sort(key=k) %}",
    "printing shared lists": SHARED + "{{ x }}",
    "printing them in a namespace": SHARED + "{{ namespace(x=x) | upper }}",
    "comparing shared lists": SHARED + "{{ x == y }}",
    "finding them": SHARED + "{{ x in [y] }}",
    "testing them": SHARED + "{{ x is eq(y) }}",
    "looking them up": SHARED + "{{ {}[x] }}",
    "taking them as keys": SHARED + "{{ {x: 1} }}",
    "JSON of them": SHARED + "{{ x | tojson }}",
    "a list that holds itself": "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}",
    "paying less than nothing": "{{ ([-1000000000] * 9) | map('a step') | list }}" + MACRO,
    "too many words": "{{ 1 }}" * 100000,
    "nested brackets": "{{ " + "(" * 10000 + "1" + ")" * 10000 + " }}",
    "nested conditions": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "a long sum": "{{ " + "1+" * 20000 + "1 }}",
    "a long chain of filters": "{{ 'a'" + "|upper" * 3000 + " }}",
}

FORBIDDEN = {
    "a class": "{{ ''.__class__.__mro__ }}",
    "a class by its item": "{{ ''['__class__'] }}",
    "a class by a filter": "{{ '' | attr('__class__') }}",
    "a class by a format": "{{ '{0.__class__}'.format(1) }}",
    "the globals of a function": "{{ range.__globals__ }}",
    "the globals of a class": "{{ cycler.__init__.__globals__ }}",
    "the order of bases": "{{ var.mro() }}",
    "the context": "{{ self._TemplateReference__context }}",
    "settings": "{{ config }}",
    "chance": "{{ [1, 2] | random }}",
    "placeholder texts": "{{ lipsum() }}",
    "bytes": "{{ (1).to_bytes(9, 'big') }}",
    "a translation": "{{ 'a'.translate({97: 'b' * 1000}) }}",
    "a file": "{% include '/etc/passwd' %}",
    "another template": "{% extends 'base.sql' %}",
    "a module": "{% import 'macros/x.sql' as x %}",
    "an address": "{{ range }}",
    "an address in a list": "{{ ['a'.upper] }}",
    "an address by a filter": "{{ cycler('a') | upper }}",
    "a NUL": "{{ '\\0' }}",
    "the mark of an input": "{{ '\\0input:0\\0' }}",
    "half of a character": "{{ '\\ud800' }}",
}


def render(text: str, **macros: str) -> tuple[RenderedTemplate | None, list[str]]:
    templates, report = Templates(), Report()
    for name, macro in macros.items():
        templates.add_macros(SourceFile(f"macros/{name}.sql", macro), report)
    found = templates.render(Template(text, SourceFile("m.sql", text)), report, frozenset({"landing"}))
    return found, [diagnostic.message for diagnostic in report.sorted_diagnostics()]


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_is_too_much_is_refused_soon(text: str) -> None:
    """One diagnostic, within seconds of the processor's time."""
    started = time.process_time()
    found, messages = render(text)

    assert (found, len(messages)) == (None, 1)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("text", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_what_a_template_may_not_look_at_is_refused(text: str) -> None:
    """No attributes of Python's, no files, nothing that differs from run to run."""
    found, messages = render(text)

    assert (found, len(messages)) == (None, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "{% for c in ['a', 'b'] %}{{ c | upper }}{% if not loop.last %}, {% endif %}{% endfor %}": "A, B",
        "{% set ns = namespace(n=0) %}{% for i in range(4) if i % 2 %}"
        "{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}": "4",
        "{% set l = [] %}{% set _ = l.append('x') %}{% set _ = l.append('y') %}{{ l | join(' + ') }}": "x + y",
        "{{ '%s = %02d' | format('m', 3) }} {{ '%d' % 5 }} {{ '{} {a}'.format(1, a=2) }}": "m = 03 5 1 2",
        "{{ ['b', 'a'] | sort | map('upper') | list }} {{ [3, 4] | sum }}": "['A', 'B'] 7",
        "{{ [{'n': 'a'}, {'n': 'b'}] | map(attribute='n') | join(',') }}": "a,b",
        "{% for k, v in {'a': 1}.items() %}{{ k ~ '=' ~ v }}{% endfor %}": "a=1",
        "{{ 'abc'[1:] }} {{ 'a,b'.split(',')[0] }} {{ 2 ** 10 }} {{ 7 // 2 }} {{ 1 < 2 <= 2 }}": "bc a 1024 3 True",
        "{{ {'a': [1, 'x']} | tojson }}": '{"a": [1, "x"]}',
        "{% for g in [{'a': 1}, {'a': 1}] | groupby('a') %}{{ g.grouper }}{{ g.list | length }}{% endfor %}": "12",
    }.items(),
)
def test_what_macros_are_made_of_works(text: str, expected: str) -> None:
    """Loops, lists, filters, methods and formats do as in Jinja."""
    found, messages = render(text)

    assert (found and found.text.constant, messages) == (expected, [])


def test_macros_remember_nothing_of_the_last_template() -> None:
    """A list of a file of macros begins anew for each template: the order of models decides nothing."""
    macro = "{% set seen = [] %}{% macro once(x) %}{% set _ = seen.append(x) %}{{ seen | length }}{% endmacro %}"
    templates, report = Templates(), Report()
    templates.add_macros(SourceFile("macros/m.sql", macro), report)
    texts = ["{{ once('a') }}{{ once('b') }}", "{{ once('c') }}"]
    found = [templates.render(Template(text, SourceFile("m.sql", text)), report, frozenset()) for text in texts]

    assert [template and template.text.constant for template in found] == ["12", "1"]


def test_templates_of_a_file_spend_together() -> None:
    """Ten thousand expectations cannot each spend what one may."""
    templates, report = Templates(), Report()
    source = SourceFile("m.py", "")
    started = time.process_time()
    for number in range(400):
        text = "{% for i in range(90000) %}{% endfor %}" + str(number)
        templates.render(Template(text, source), report, frozenset())

    assert len(report) > 300
    assert time.process_time() - started < 10
