"""Holds the pages of the documentation against the code: examples compile, and lists are complete."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from literate import Case, check, lay_out, read_blocks, read_cases
from pydantic import BaseModel

import cbx
from cbx.cli.display.diagnostics import as_text
from cbx.compiler import compile_project
from cbx.declare.documents import Document, ModelDocument
from cbx.declare.read_document import document_of
from cbx.declare.signatures import SIGNATURES
from cbx.diagnostics.codes import Severity, every_code
from cbx.project.init_template import template_files
from cbx.project.setting_types.pipeline_settings import PipelineSettings
from cbx.project.setting_types.sections import (
    CompileSection,
    EngineSection,
    Environment,
    NamingSection,
    ProjectSection,
    ProjectSettings,
)
from compiler.site.write_commands import PAGE, commands_page
from compiler.tests.command import list_commands

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted({*DOCS.rglob("*.md")} - {*DOCS.glob("codes/*.md")})
BUILDS_UP = {DOCS / "testing.md", DOCS / "import.md", DOCS / "tutorial.md", *DOCS.glob("howto/*.md")}
"""Pages whose blocks add up to one project, which tests of their own follow."""
EXAMPLES = [case for page in PAGES if page not in BUILDS_UP for case in read_cases(page) if case.files]
DOCUMENTS = {word: document for word in SIGNATURES if (document := document_of(word)) is not None}
_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("case", EXAMPLES, ids=[case.id for case in EXAMPLES])
def test_an_example_compiles(case: Case, tmp_path: Path) -> None:
    """A reader will paste it."""
    lay_out(case.files, tmp_path)
    expected: list[str] = []
    actual = [
        diagnostic.message for diagnostic in compile_project(tmp_path).diagnostics if diagnostic.severity == "error"
    ]

    assert expected == actual


@pytest.mark.parametrize("case", EXAMPLES, ids=[case.id for case in EXAMPLES])
def test_an_example_compiles_to_what_the_page_shows(case: Case, tmp_path: Path) -> None:
    """A page must not show yesterday's output."""
    expected, actual = check(case, tmp_path)
    expected.pop("diagnostics")
    actual.pop("diagnostics")

    assert expected == actual


def sections(page: str) -> dict[str, str]:
    """The text below each heading of the second level."""
    parts = (DOCS / page).read_text(encoding="utf-8").split("\n## ")[1:]
    return {heading: body for heading, _, body in (part.partition("\n") for part in parts)}


def settings(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


SECTIONS: dict[str, type[BaseModel]] = {
    "`[project]`": ProjectSection,
    "`[naming]`": NamingSection,
    "`[compile]`": CompileSection,
    "`[test]`": EngineSection,
    "`[environments.<name>]`": Environment,
    "`[environments.<name>.pipeline]`": PipelineSettings,
}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_setting_is_on_its_page(heading: str) -> None:
    """No more and no fewer than the project's settings have."""
    expected = settings(SECTIONS[heading])
    actual = set(_ROW.findall(sections("project-toml.md")[heading]))

    assert expected == actual


def test_every_section_is_on_the_page_of_settings() -> None:
    """A section that is missing on the page would hide all its settings."""
    expected = settings(ProjectSettings)
    headings = [heading for heading in sections("project-toml.md") if heading.startswith("`[")]
    actual = {heading.strip("`[]").partition(".")[0] for heading in headings}

    assert expected == actual


def defaults() -> Iterator[tuple[str, str, str]]:
    for heading in SECTIONS:
        rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", sections("project-toml.md")[heading], re.MULTILINE)
        yield from ((heading, name, shown) for name, shown in rows)


@pytest.mark.parametrize(("heading", "name", "shown"), list(defaults()))
def test_a_default_is_what_the_page_says(heading: str, name: str, shown: str) -> None:
    """Whoever leaves a setting out gets what the page promises."""
    fields = {field.alias or own: field for own, field in SECTIONS[heading].model_fields.items()}
    default = fields[name].get_default(call_default_factory=True)
    expected = {"true": "True", "false": "False", "[]": "()", "{}": "{}"}.get(shown, shown.strip('"'))
    actual = str(default)
    if isinstance(default, tuple) and default:
        expected, actual = shown, "[" + ", ".join(f'"{item}"' for item in default) + "]"

    assert expected == actual


def test_every_word_is_on_the_page_of_the_language() -> None:
    """A word that is missing on the page is one that nobody uses."""
    text = (DOCS / "language.md").read_text(encoding="utf-8")
    expected: set[str] = set()
    actual = {word for word in SIGNATURES if not re.search(rf"`{word}[`(]", text)}

    assert expected == actual


@pytest.mark.parametrize("word", sorted(DOCUMENTS))
def test_the_vocabulary_has_every_argument(word: str) -> None:
    """Editors and type checkers know only what the functions say; `seed` is declared in TOML."""
    parameters = inspect.signature(getattr(cbx, word)).parameters.values()
    expected = DOCUMENTS[word].model_fields.keys()
    nameless = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL}
    actual = {parameter.name for parameter in parameters if parameter.kind not in nameless}

    assert expected == actual


@pytest.mark.parametrize(
    ("heading", "word", "shared"), [("Sinks", "sink", ModelDocument), ("Snapshots", "snapshots", Document)]
)
def test_every_further_argument_has_a_row(heading: str, word: str, shared: type[Document]) -> None:
    """In the section of its word."""
    expected = set(DOCUMENTS[word].model_fields) - set(shared.model_fields)
    actual = set(_ROW.findall(sections("language.md")[heading]))

    assert expected == actual


ARGUMENTS = {"Kinds": ("streaming_table", "materialized_view", "view", "auto_cdc"), "Inputs": ("auto_loader",)}


@pytest.mark.parametrize("heading", ARGUMENTS)
def test_every_argument_is_on_the_page_of_the_language(heading: str) -> None:
    """The tables list the arguments that the words take, and no others."""
    expected = {field for word in ARGUMENTS[heading] for field in DOCUMENTS[word].model_fields}
    rows = set(_ROW.findall(sections("language.md")[heading]))
    actual = {row for row in rows if row not in SIGNATURES and "(" not in row}

    assert expected == actual


@pytest.mark.parametrize(("name", "page"), [("run", "running.md"), ("deploy", "deploying.md")])
def test_every_option_of_a_command_is_on_its_page(name: str, page: str) -> None:
    """No more and no fewer than `cbx run --help` names."""
    command = list_commands()[name]
    expected = {option for param in command.params for option in param.opts if option.startswith("--")}
    actual = set(re.findall(r"^\| `(--[a-z-]+)", sections(page)["What happens"], re.MULTILINE))

    assert expected == actual


@pytest.mark.parametrize(
    "page", [DOCS.parents[1] / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda page: page.stem
)
def test_every_option_that_a_page_names_exists(page: Path) -> None:
    """Each with the command before it; what follows `--` is pytest's."""
    commands = list_commands()
    for name, rest in re.findall(r"(?<![\w-])cbx ([a-z]+) ([^`#|\n]*)", page.read_text(encoding="utf-8")):
        named = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", f" {rest}".partition(" -- ")[0]))
        if named:
            own = getattr(commands[name], "commands", {}).get(rest.partition(" ")[0], commands[name])
            assert named <= {option for param in own.params for option in param.opts} | {"--help"}, name


def test_the_page_of_commands_is_what_their_help_says(pytestconfig: pytest.Config) -> None:
    """`python compiler/site/write_commands.py` writes it."""
    if pytestconfig.getoption("--bless"):
        PAGE.write_text(commands_page(), encoding="utf-8")
    expected = PAGE.read_text(encoding="utf-8")
    actual = commands_page()

    assert expected == actual


def test_the_page_for_assistants_shows_what_init_writes() -> None:
    """Who copies it gets the same file."""
    (block,) = read_blocks(DOCS / "howto" / "coding-assistant.md")

    assert template_files("shop")["AGENTS.md"] == block.body


def test_every_option_of_test_is_on_the_page_of_testing() -> None:
    """No more and no fewer than `cbx test --help` names."""
    command = list_commands()["test"]
    expected = {option for param in command.params for option in param.opts if option.startswith("--")}
    actual = set(re.findall(r"`(--[a-z-]+)", sections("testing.md")["`cbx test`"].split("\nExit status")[0]))

    assert expected == actual


def test_the_index_names_every_page_and_every_code() -> None:
    """A page that the index does not name is found by nobody."""
    linked = set(_LINK.findall((DOCS / "README.md").read_text(encoding="utf-8")))
    expected = {page.relative_to(DOCS).as_posix() for page in PAGES if page.name != "README.md"}
    expected |= {f"codes/{code.id}.md" for code in every_code()}
    actual = {link for link in linked if not link.startswith(("..", "http"))}

    assert expected == actual


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """A renamed page must take its links along."""
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    expected: list[str] = []
    actual = [link for link in links if not link.startswith("http") and not (page.parent / link).exists()]

    assert expected == actual


README = (DOCS.parents[1] / "README.md").read_text(encoding="utf-8")
ON_THE_FIRST_SCREEN = {
    "models/silver/orders.sql": (
        '{{ materialized_view(\n    key="order_id",\n'
        '    columns={"order_id": "BIGINT", "customer_id": "BIGINT", "amount": column("DOUBLE", measure="total")},\n'
        '    relationships=[one_to_many("silver.payments", on="order_id")],\n) }}\n'
        'SELECT order_id, customer_id, amount FROM {{ source("raw.orders") }}\n'
    ),
    "models/silver/payments.sql": (
        '{{ materialized_view(key="payment_id", columns={"payment_id": "BIGINT", "order_id": "BIGINT"}) }}\n'
        'SELECT payment_id, order_id FROM {{ source("raw.payments") }}\n'
    ),
}


_COLUMN = 92
"""How many characters fit into a line of code of a README on GitHub."""


def test_the_first_example_of_the_readme_is_reported_as_it_shows(tmp_path: Path) -> None:
    """It is the first thing that anybody sees of cbx."""
    query = re.findall(r"^```sql\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[0]
    lay_out({**ON_THE_FIRST_SCREEN, "models/gold/revenue.sql": query}, tmp_path)
    compilation = compile_project(tmp_path)
    (diagnostic,) = (found for found in compilation.diagnostics if found.severity is Severity.ERROR)
    expected = as_text(diagnostic, compilation.sources, width=_COLUMN)
    shown = README.partition("```text\n$ cbx compile\n")[2].partition("\n\n")[0]

    assert expected.rstrip("\n") == shown
