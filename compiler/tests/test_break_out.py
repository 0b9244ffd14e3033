"""Text that tries to be something else, in every place that takes text, stays that very text in every output."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from literate import lay_out
from notebook_reading import load

from cbx.changes.change_plan import Deployed
from cbx.changes.compare import compare_manifests
from cbx.changes.plan_document import as_document
from cbx.changes.plan_text import as_lines, as_markdown
from cbx.cli.display.diagnostics import as_github, as_json, as_text
from cbx.cli.display.terminal_text import replace_controls
from cbx.compiler import compile_project
from cbx.diagnostics.diagnostic import read_sources
from cbx.graph.read_manifest import read_manifest
from cbx.render import dot, mermaid, svg
from cbx.render.column_lineage import column_lineage
from cbx.render.json_text import render_json
from cbx.spark_spelling import quote_if_needed, quote_text
from cbx.syntax.text import CELL_MARK

HOSTILE = {
    "plain": "plain",
    "quotes": "'''\"\"\"''\" \\",
    "escapes": "\\N{BULLET} \\u0027 \\x27 \\",
    "holes": "$ {x} {x} {0} %(x)s $x",
    "a template": "{{ x }} {% y %} {# z #} }} %} #}",
    "line breaks": "a\r\nb\rc\u2028d\u2029e\x85f\x0bg\x0ch\x1ci",
    "a cell": "\n# COMMAND ----------\n",
    "a cell behind another line break": "\u2028# COMMAND ----------\x85# MAGIC %sh rm\x0c# COMMAND ----------\r# x",
    "a magic": "%sh rm\n# MAGIC %sh rm\n%md",
    "a notebook": "# Databricks notebook source\n# MAGIC %sh rm",
    "an encoding": "-*- coding: utf-7 -*- +AAo-import os+AAo-",
    "an ending of a call": "\"); __import__('os').system('rm') #",
    "html": "</script><!-- ]]> --><b>&amp;</b>",
    "brackets": '"]; [red] [/] `tick` [a](http://example.com) | \\|',
    "words of mermaid": "end\nsubgraph x\nclick a b",
    "a command to a runner": "%0A::error::x\n::warning::y",
    "a terminal": "\x1b[31m\x1b]0;x\x07\x08",
    "directions": "\u202eabc\u2066\u200f",
    "yaml": "!!python/object/apply:os.system ['rm'] &a *a",
    "more yaml": "- a: b\n  c: ? | > ' # %\n---\n...",
    "white space": " \t x \t ",
    "nothing seen": "\u200b\ufeff\xad\xa0",
    "a comment": "*/ -- /* #",
}
PROJECT = """[project]
name = "shop"
description = {text}
[compile]
trace = false
api = "{api}"
source_format = "{source_format}"
[vars]
landing = {text}
[environments.dev]
development = true
catalog = {catalog}
host = {text}
timezone = {text}
notifications = [{text}]
run_as = {text}
permissions = [{{ group = {text}, level = "CAN_VIEW" }}]
"""
SCANS = """from cbx import *

@streaming_table(
    description={text}, tags=[{text}], owner={text}, properties={{{text}: {text}}}, cluster_by=[{name}], key={name},
    columns={{{name}: column("STRING", {text})}}, quarantine=True,
    expectations=[expect({text}, {condition}), expect_or_drop({second}, {condition})],
)
def scans(rows=auto_loader({text}, format="json", options={{"pathGlobFilter": {text}}})):
    return rows, {raw}
"""
DAYS = """{{{{ materialized_view(description={text}, columns={{{name}: column("STRING", {text})}},
    expectations=[expect({text}, {condition})]) }}}}
SELECT {sql} AS {quoted} FROM {{{{ ref("bronze.scans") }}}}
"""
WORDS = """description = {text}
tags = [{text}]
expectations = [{{ expect = {text}, sql = {condition} }}]
tests = [{{ accepted_values = {name}, values = [{name}] }}, {{ no_rows = {query} }}]
[columns]
{name} = {{ type = "STRING", description = {text} }}
"""
TESTED = """{{{{ materialized_view(columns={{"word": "STRING", "at": "DATE"}}, tests=[
    accepted_values("word", [{text}]), no_rows({query}, name={text}),
]) }}}}
SELECT word, at FROM {{{{ source("raw.words") }}}}
"""
OUTBOX = """{{{{ sink(format="delta", description={text}, options={{"tableName": {text}, {second}: {text}}},
    spark_conf={{{text}: {text}}}) }}}}
SELECT * FROM {{{{ stream("bronze.scans") }}}}
"""
COPIES = """{{{{ auto_cdc_from_snapshot(key={name}) }}}}
SELECT {sql} AS {quoted}
FROM {{{{ snapshots({text}, format="csv", columns={{{name}: "STRING"}}, options={{"quote": {text}}}) }}}}
"""
FURTHER = """{{{{ flow(into="bronze.scans", description={text}, spark_conf={{{text}: {text}}}) }}}}
SELECT {sql} AS {quoted} FROM {{{{ stream_source("raw.scans") }}}}
"""
NOT_IN_A_CATALOG = re.compile(r"[./\s{}\x00-\x1f\x7f]")
REFERENCE = re.compile(r"\$\{[a-z][^}]*\}")
CELL_END = re.compile(r"(?<!\\)(?:\\\\)*\|")
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
EACH = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())


def json_string(text: str) -> str:
    """As a string of Python, JSON or TOML that Jinja leaves as it is."""
    return json.dumps(re.sub(r"\{[{%#]", lambda found: f"{{{{ '{found[0]}' }}}}", text))


def files(text: str, api: str = "dlt", source_format: str = "notebook") -> dict[str, str]:
    """A project that says a text wherever one can be said."""
    names = {"text": json_string(text), "second": json_string(second(text)), "raw": json.dumps(text)}
    names |= {"name": json_string(column(text)), "condition": json_string(condition(text))}
    folder = text.replace("/", "-").rstrip(" .")
    catalog = json.dumps(catalog_of(text))
    toml = PROJECT.format(text=json.dumps(text), catalog=catalog, api=api, source_format=source_format)
    names |= {
        "sql": json.loads(json_string(f"'{literal(text)}'")),
        "quoted": json.loads(json_string(quote(text))),
    }
    names["query"] = json_string(query(text))
    cell = '"' + column(text).replace('"', '""') + '"'
    return {
        "seeds/gold/words.toml": WORDS.format(**names),
        "seeds/gold/words.csv": f"{cell}\n{cell}\n",
        "project.toml": toml,
        f"models/bronze/{folder}/scans.py": SCANS.format(**names),
        "models/gold/days.sql": DAYS.format(**names),
        "models/gold/outbox.sql": OUTBOX.format(**names),
        "models/gold/copies.sql": COPIES.format(**names),
        "models/bronze/further.sql": FURTHER.format(**names),
    }


def catalog_of(text: str) -> str:
    """The nearest to a text that Unity Catalog takes for a name."""
    return NOT_IN_A_CATALOG.sub("-", text)[:255]


def second(text: str) -> str:
    return f"{text}2"


def column(text: str) -> str:
    """A name that a query can give: in a file `\\r` is a line break as `\\n` is."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def quote(text: str) -> str:
    return "`" + column(text).replace("`", "``") + "`"


def literal(text: str) -> str:
    return column(text).replace("\\", "").replace("'", "")


def query(text: str) -> str:
    return f"SELECT '{literal(text)}' AS word WHERE false"


def condition(text: str) -> str:
    return f"coalesce('{literal(text)}', 'a') <> ''"


@cache
def compile_with(text: str, api: str = "dlt", source_format: str = "notebook") -> dict[str, str]:
    """The artifacts of the project with a text, by path; compiled once for all tests."""
    with TemporaryDirectory() as folder:
        lay_out(files(text, api, source_format), Path(folder))
        compilation = compile_project(Path(folder), with_trace=False)

    assert [diagnostic.message for diagnostic in compilation.diagnostics if diagnostic.code.id != "CBX309"] == []
    return {artifact.path: artifact.text for artifact in compilation.artifacts}


@cache
def shape(text: str) -> str:
    """A notebook's syntax with every text taken out, and how many lines divide it, whatever one takes for a line."""
    tree = ast.parse(text.encode())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    marks = [line for line in text.splitlines()[1:] if CELL_MARK.match(line) and not line.startswith("# MAGIC")]
    return ast.dump(tree) + str(marks)


def constants(text: str) -> set[str]:
    """The texts of a notebook's code."""
    found = ast.walk(ast.parse(text.encode()))
    return {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@EACH
@pytest.mark.parametrize("source_format", ["notebook", "file"])
@pytest.mark.parametrize("api", ["dlt", "pipelines"])
def test_a_notebook_says_the_text_and_does_what_it_did(text: str, api: str, source_format: str) -> None:
    """Its statements are those of a plain text, and what it defines has the very texts."""
    paths = ("bronze/scans.py", "gold/days.py", "gold/outbox.py", "gold/copies.py", "bronze/further.py")
    paths += ("gold/words.py", "checks/bronze_scans_key.py")
    folder = "notebooks" if source_format == "notebook" else "transformations"
    plain, hostile = (
        {path: made[f"{folder}/{path}"] for path in paths}
        for made in (compile_with(value, api, source_format) for value in ("plain", text))
    )

    assert {path: shape(notebook) for path, notebook in hostile.items()} == {
        path: shape(notebook) for path, notebook in plain.items()
    }
    assert {text, column(text), second(text), condition(text)} <= constants(hostile["bronze/scans.py"])
    assert {text, f"{chr(10)}SELECT '{literal(text)}' AS {quote(text)} FROM bronze.scans{chr(10)}"} <= constants(
        hostile["gold/days.py"]
    )
    snapshot = f"{chr(10)}SELECT '{literal(text)}' AS {quote(text)}{chr(10)}FROM SNAPSHOT{chr(10)}"
    doubled = snapshot.replace("{", "{{").replace("}", "}}").replace("SNAPSHOT", "{snapshot}")
    assert {text, second(text)} <= constants(hostile["gold/outbox.py"])
    assert {text, doubled} <= constants(hostile["gold/copies.py"])
    assert {text, second(text)} <= constants(hostile["bronze/further.py"])
    name = quote_if_needed(column(text))
    rows = f"SELECT\n  CAST({name} AS STRING) AS {name}\nFROM VALUES\n  ({quote_text(column(text))})\nAS seed ({name})"
    assert {text, f"{chr(10)}{rows}{chr(10)}"} <= constants(hostile["gold/words.py"])
    scans = load(hostile["bronze/scans.py"]).datasets["bronze.scans"]
    assert scans["comment"] == " ".join(text.split())
    assert scans["table_properties"] == {"quality": "bronze", text: text}
    assert scans["cluster_by"] == [column(text)]
    assert scans["rules"] == [("expect", text, condition(text)), ("expect_or_drop", second(text), condition(text))]


@EACH
def test_a_check_of_a_data_test_says_the_text(text: str, tmp_path: Path) -> None:
    """A value in its condition, and a query; its name has no other characters than identifiers."""
    names = {"text": json_string(text), "query": json_string(query(text))}
    lay_out({"models/silver/words.sql": TESTED.format(**names)}, tmp_path)
    artifacts = compile_project(tmp_path, with_trace=False).artifacts
    checks = {artifact.path: artifact.text for artifact in artifacts if artifact.path.startswith("notebooks/checks/")}
    values = constants(checks.pop("notebooks/checks/silver_words_word_accepted_values.py"))

    assert f"word IS NULL OR word IN ({quote_text(text)})" in values
    assert [bool(re.fullmatch(r"notebooks/checks/silver_words_\w+\.py", path, re.ASCII)) for path in checks] == [True]
    assert all(f"{chr(10)}{query(text)}{chr(10)}" in constants(check) for check in checks.values())


@EACH
def test_the_bundle_says_the_text(text: str) -> None:
    """In each setting, and has the keys that a plain text leads to; no reference in it is the text's."""
    plain, hostile = (yaml.safe_load(compile_with(value)["databricks.yml"]) for value in ("plain", text))

    assert hostile == put(plain, text)
    assert sorted(REFERENCE.findall(str(hostile))) == sorted(REFERENCE.findall(str(plain)))


def put(value: Any, text: str) -> Any:
    """Plain values with another text in the place of the plain one."""
    if isinstance(value, dict):
        return {key: put(inner, catalog_of(text) if key == "catalog" else text) for key, inner in value.items()}
    if isinstance(value, list):
        return [put(inner, text) for inner in value]
    return text if value == "plain" else value


@EACH
def test_the_manifest_says_the_text(text: str) -> None:
    """Of a model all that was declared."""
    scans = json.loads(compile_with(text)["manifest.json"])["models"]["bronze.scans"]
    rules = [(rule["name"], rule["condition"]) for rule in scans["expectations"]]

    assert (scans["description"], scans["tags"], scans["owner"]) == (text, [text], text)
    assert (scans["properties"], scans["cluster_by"], scans["key"]) == ({text: text}, [column(text)], [column(text)])
    assert [(entry["name"], entry["description"]) for entry in scans["columns"]] == [(column(text), text)]
    assert rules == [(text, condition(text)), (second(text), condition(text))]


@EACH
def test_pictures_have_the_lines_of_a_plain_text(text: str) -> None:
    """No text begins a line, an element or a script of its own."""
    plain, hostile = (read_manifest(json.loads(compile_with(value)["manifest.json"])) for value in ("plain", text))
    for draw in (mermaid.render_mermaid, mermaid.render_mermaid_relationships, dot.render_dot):
        assert draw(hostile).count("\n") == draw(plain).count("\n")
    elements = [
        {element.tag for element in ElementTree.fromstring(svg.render_svg(graph)).iter()} for graph in (plain, hostile)
    ]

    assert elements[0] == elements[1]
    nodes = json.loads(render_json(hostile, column_lineage(hostile)))["nodes"]
    assert {node["id"]: node["description"] for node in nodes}["bronze.scans"] == text


@EACH
def test_a_plan_has_the_lines_and_cells_of_a_plain_one(text: str) -> None:
    """On a terminal and in a pull request."""
    manifests = {value: json.loads(compile_with(value)["manifest.json"]) for value in ("before", "plain", text)}
    plain, hostile = (
        compare_manifests(
            *(Deployed(manifests[value], {"catalog": value, "notifications": [value]}) for value in ("before", after))
        )
        for after in ("plain", text)
    )
    if text == "plain":
        return
    cells = [[len(CELL_END.findall(line)) for line in as_markdown(plan, "shop", "dev")] for plan in (plain, hostile)]

    assert cells[0] == cells[1]
    assert not re.search(
        r"<(?!br>|details>|summary>|/|!-- -->)|\[|(?<!\w)@\w", "".join(as_markdown(hostile, "shop", "dev"))
    )
    assert not any(UNSEEN.search(replace_controls(line)) for line in as_lines(hostile))
    assert json.loads(json.dumps(as_document(hostile, "shop", "dev")))["settings"][0]["detail"].endswith(text)


@EACH
def test_a_diagnostic_says_the_text_on_one_line(text: str, tmp_path: Path) -> None:
    """To a terminal, and to GitHub, which would obey a line of its own."""
    reads = "from cbx import *\n@view(key={0})\ndef m(rows=ref({0})):\n    return rows\n"
    lay_out({f"models/gold/{text.replace('/', '-').rstrip(' .')}/m.py": reads.format(json_string(text))}, tmp_path)
    found = compile_project(tmp_path, with_trace=False).diagnostics
    unknown = next(diagnostic for diagnostic in found if diagnostic.code.id == "CBX201")
    sources = read_sources(tmp_path, found)

    assert f"`{text}`" in as_json(found, 1)["diagnostics"][0]["message"]
    assert as_github(unknown).startswith("::error file=models/gold/")
    assert "\n" not in as_github(unknown)
    assert "\r" not in as_github(unknown)
    assert not UNSEEN.search(as_text(unknown, sources).replace("\n", ""))


@EACH
def test_readers_and_texts_around_secrets_stay_texts(text: str, tmp_path: Path) -> None:
    """An option with a secret is an f-string, whose other parts are the very text."""
    plain, hostile = (_compile_reader(value, tmp_path / str(value == text)) for value in ("plain", text))

    assert shape(hostile) == shape(plain)
    assert {text, f"kafka.{text}", f"{text},b"} <= constants(hostile)


def _compile_reader(text: str, root: Path) -> str:
    written, option = json_string(text), json_string(f"kafka.{text}")
    mixed = f"""{written[:-1]}{{{{ secret('scope', 'key') }}}}{written[1:]}"""
    model = (
        "from cbx import *\n\n@streaming_table()\n"
        f'def events(a=kafka([{written}, "b"], servers={written}, starting_offsets={written}, '
        f"options={{{option}: {mixed}}}), b=read({written}, options={{{written}: {written}}})):\n    return a\n"
    )
    lay_out({"project.toml": '[project]\nname = "shop"\n', "models/bronze/events.py": model}, root)
    compilation = compile_project(root, with_trace=False)

    assert compilation.diagnostics == ()
    return next(artifact.text for artifact in compilation.artifacts if artifact.path.endswith("events.py"))
