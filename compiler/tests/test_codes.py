"""Holds the codes, their pages and their cases together, and the codes that no project's text can show."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from literate import MINIMAL_PROJECT, Case, diagnostics_text, lay_out, read_cases

from cbx.cli.display.summary import out_of_date_hint
from cbx.cli.explain import name_files
from cbx.compiler import compile_project
from cbx.diagnostics import codes
from cbx.diagnostics.code_pages import read_page
from cbx.diagnostics.codes import every_code
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.diagnostics.source_files import Span
from compiler.tests.command import run_cbx

HERE = Path(__file__).parent
PAGES = HERE.parent / "docs" / "codes"
CODES = sorted({code.id for code in every_code()})
WITHOUT_A_CASE = {"CBX001", "CBX003", "CBX004", "CBX005", "CBX107", "CBX109", "CBX901"} | {
    code for code in CODES if code.startswith(("CBX5", "CBX6"))
}
"""What is wrong outside the text of files; tested below, in `test_any_machine.py` and in the folders of commands."""

MODEL = '{{ materialized_view() }}\nSELECT * FROM {{ source("raw.orders") }}\n'
WRONG = '{{ materialized_view() }}\nSELECT * FROM {{ ref("bronze.odrers") }}\n'
PATH = "models/silver/orders.sql"
PLACE = ["path", "line", "column", "end_line", "end_column"]
KEYS = ["code", "name", "severity", "message", *PLACE, "hint", "related"]


def cbx(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command as people call it."""
    return run_cbx(folder, *arguments)


def page_example(code: str) -> Case | None:
    """The wrong project of a page; None where the example is a terminal's."""
    sections = {case.title: case for case in read_cases(PAGES / f"{code}.md")}
    example = sections["Example"]
    return example if example.diagnostics else None


def read_ways_out(code: str) -> list[dict[str, str]]:
    """What mends the wrong project of a page: the files of "How to fix it", or each version of a file alone."""
    found = []
    sections = {case.title: case for case in read_cases(PAGES / f"{code}.md")}
    for title, section in sections.items():
        blocks = [(block.info.split(" ", 1)[1], block.body) for block in section.blocks if " " in block.info]
        is_together = title == "How to fix it" and len(section.files) == len(blocks)
        if title not in {"What it means", "Example"}:
            found += [section.files] if is_together else [{path: body} for path, body in blocks]
    return found


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    """A code, its page and its case come together."""
    expected = CODES
    actual = sorted(page.stem for page in PAGES.glob("*.md"))

    assert expected == actual


@pytest.mark.parametrize("code", CODES)
def test_the_heading_of_a_page_has_the_names_of_its_code(code: str) -> None:
    """Who searches for a name finds the page."""
    names = ", ".join(named.name for named in every_code() if named.id == code)
    expected = f"# {code}: {names}"
    actual = (read_page(code) or "").partition("\n")[0]

    assert expected == actual


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_its_sections(code: str) -> None:
    """Each page answers the same questions in the same order."""
    titles = re.findall(r"^## (.+)$", read_page(code) or "", re.MULTILINE)
    expected = ["What it means", "Example", "How to fix it"]
    actual = titles[:3]

    assert expected == actual
    assert "See also" not in titles[:-1]


@pytest.mark.parametrize("code", sorted(set(CODES) - WITHOUT_A_CASE))
def test_the_example_of_a_page_is_reported_as_the_page_shows(code: str, tmp_path: Path) -> None:
    """The pages print what the compiler prints."""
    example = page_example(code)
    assert example is not None
    lay_out(example.files, tmp_path)
    expected = example.diagnostics.body if example.diagnostics else ""
    compilation = compile_project(tmp_path)
    with_remarks = example.diagnostics is not None and example.diagnostics.info.endswith("with remarks")
    actual = diagnostics_text(compilation, tmp_path, with_remarks=with_remarks)

    assert {diagnostic.code.id for diagnostic in compilation.diagnostics} == {code}
    assert expected == actual


@pytest.mark.parametrize("code", sorted(set(CODES) - WITHOUT_A_CASE))
def test_the_way_out_of_a_page_is_one(code: str, tmp_path: Path) -> None:
    """The mended files compile without a word."""
    example, ways_out = page_example(code), read_ways_out(code)
    assert example is not None
    actual = []
    for number, mended in enumerate(ways_out):
        lay_out({**example.files, **mended}, tmp_path / str(number))
        actual.append(diagnostics_text(compile_project(tmp_path / str(number)), tmp_path / str(number)))

    assert all(ways_out)
    assert actual == [""] * len(ways_out)
    assert actual


def test_every_code_has_a_case() -> None:
    """A rule without a case is a rule that nobody has seen at work."""
    reports = [case.diagnostics.body for case in read_cases(HERE / "cases") if case.diagnostics]
    seen = {code for report in reports for code in re.findall(r"^\w+\[(CBX\d+)\]", report, re.MULTILINE)}
    expected = set(CODES) - WITHOUT_A_CASE
    actual = seen - WITHOUT_A_CASE

    assert expected == actual


def test_every_name_of_a_code_has_a_case() -> None:
    """A number with several names shows each of them."""
    reports = "".join(case.diagnostics.body for case in read_cases(HERE / "cases") if case.diagnostics)
    expected = {code.name for code in every_code() if code.id not in WITHOUT_A_CASE}
    seen = re.findall(r"^\w+\[(CBX\d+)\] ([a-z-]+):", reports, re.MULTILINE)
    actual = {name for code, name in seen if code not in WITHOUT_A_CASE}

    assert expected == actual


def test_a_folder_without_a_project_is_cbx001(tmp_path: Path) -> None:
    """Nothing can be done there, so the exit status is 2; the page shows this very text."""
    done = cbx("compile", "--project", str(tmp_path), folder=tmp_path)
    shown = done.stderr.split("\n\n")[0]

    assert (done.returncode, done.stdout) == (2, "")
    assert shown.startswith("error[CBX001] project-not-found: ")
    assert shown in (read_page("CBX001") or "")


def test_a_target_that_cannot_be_written_is_cbx003(tmp_path: Path) -> None:
    """The models are right and still nothing could be done: exit status 2."""
    lay_out({PATH: MODEL, "target": "a file where a folder belongs\n"}, tmp_path)
    done = cbx("compile", folder=tmp_path)
    headline = done.stderr.split("\n")[0]

    assert (done.returncode, done.stdout) == (2, "")
    assert headline in (read_page("CBX003") or "")


def test_a_target_that_is_out_of_date_is_cbx004(tmp_path: Path) -> None:
    """`--check` writes nothing and names each file that a compilation would write."""
    lay_out({PATH: MODEL}, tmp_path)
    first = cbx("compile", folder=tmp_path)
    (tmp_path / PATH).write_text(MODEL.replace("*", "order_id"), encoding="utf-8")
    notebook = tmp_path / "target" / "notebooks" / "silver" / "orders.py"
    before = notebook.read_bytes()
    done = cbx("compile", "--check", folder=tmp_path)
    headlines = [line for line in done.stderr.split("\n") if line.startswith("error[CBX004]")]

    assert (first.returncode, done.returncode) == (0, 1)
    assert headlines[-1] in (read_page("CBX004") or "")
    assert [line.split("`")[1] for line in headlines] == ["target/manifest.json", "target/notebooks/silver/orders.py"]
    assert notebook.read_bytes() == before


@pytest.mark.parametrize("option", ["--no-trace", "--no-analysis"])
def test_a_target_that_may_differ_by_an_option_alone(option: str, tmp_path: Path) -> None:
    """What was left out may be all the difference there is, and the hint says so."""
    lay_out({PATH: MODEL}, tmp_path)
    done = cbx("compile", "--check", option, folder=tmp_path)
    hints = {line.strip() for line in done.stderr.split("\n") if "hint:" in line}

    assert hints == {
        f"= hint: run `cbx compile {option}`, or remove `{option}` here if target/ was compiled without it",
    }


@pytest.mark.parametrize("is_installed", [True, False])
def test_a_target_that_may_differ_by_what_is_installed(*, is_installed: bool) -> None:
    """Where nothing can be traced, target/ may have been compiled where it could."""
    untraced = Diagnostic(codes.UNTRACED_MODEL, "2 Python models were not traced", Span("project.toml"))
    found = out_of_date_hint(() if is_installed else (untraced,), None)

    assert ("install the extra `trace`" in found) is not is_installed


def test_a_file_that_belongs_to_no_model_is_out_of_date(tmp_path: Path) -> None:
    """A notebook that stays behind would go on being deployed."""
    lay_out({PATH: MODEL, "models/silver/items.sql": MODEL}, tmp_path)
    cbx("compile", folder=tmp_path)
    (tmp_path / "models" / "silver" / "items.sql").unlink()
    checked = cbx("compile", "--check", folder=tmp_path)
    compiled = cbx("compile", folder=tmp_path)
    again = cbx("compile", "--check", folder=tmp_path)

    assert "`target/notebooks/silver/items.py` belongs to no model" in checked.stderr
    assert (checked.returncode, compiled.returncode, again.returncode) == (1, 0, 0)


UNREADABLE = {
    "latin-1": ("Größe".encode("latin-1"), "this file is not UTF-8 text: byte 3 is not part of a character"),
    "NUL": (b"SELECT \0 FROM t", "this file contains a NUL character: it is not text"),
    "too large": (
        b"-" * ((1 << 20) + 1),
        "this file has 1,048,577 bytes; a model or macro file has at most 1 MiB",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_no_text_is_cbx107(name: str, tmp_path: Path) -> None:
    """Whatever stands in a file, the file is named and the others are checked."""
    content, message = UNREADABLE[name]
    lay_out({PATH: WRONG}, tmp_path)
    (tmp_path / "models" / "silver" / "items.sql").write_bytes(content)
    expected = [
        ("CBX107", "models/silver/items.sql", message),
        ("CBX201", PATH, "`silver.orders` reads `bronze.odrers`, which no model defines"),
    ]
    found = compile_project(tmp_path).diagnostics
    actual = [
        (diagnostic.code.id, diagnostic.span.path if diagnostic.span else "", diagnostic.message)
        for diagnostic in found
    ]

    assert expected == actual


def test_a_link_out_of_the_project_is_cbx107(tmp_path: Path) -> None:
    """A compilation depends on the project alone."""
    root = tmp_path / "project"
    lay_out({PATH: MODEL}, root)
    (tmp_path / "elsewhere.sql").write_text(MODEL, encoding="utf-8")
    (root / "models" / "silver" / "items.sql").symlink_to(tmp_path / "elsewhere.sql")
    (root / "models" / "bronze").symlink_to(root / "models")
    expected = [("CBX107", "models/bronze"), ("CBX107", "models/silver/items.sql")]
    actual = [
        (diagnostic.code.id, diagnostic.span.path if diagnostic.span else "")
        for diagnostic in compile_project(root).diagnostics
    ]

    assert expected == actual


def test_the_page_of_cbx107_shows_what_a_terminal_does(tmp_path: Path) -> None:
    """The page prints what the compiler prints, for one message of several."""
    lay_out({}, tmp_path)
    (tmp_path / "models" / "bronze").mkdir(parents=True)
    (tmp_path / "models" / "bronze" / "orders.sql").write_bytes("-- Größe".encode("latin-1"))
    done = cbx("compile", folder=tmp_path)
    headline, place = done.stderr.split("\n")[:2]

    assert (done.returncode, done.stdout) == (1, "")
    assert f"{headline}\n{place}\n" in (read_page("CBX107") or "")


def test_a_bug_of_ours_is_cbx901(tmp_path: Path) -> None:
    """It says that it is ours, with the version and the command, and shows no traceback."""
    program = (
        "import sys\n"
        "import yaml\n"
        "from cbx.cli import main\n"
        "yaml.dump = lambda *_, **__: {}['silver.orders']\n"
        "sys.argv = ['cbx', 'compile']\n"
        "main()\n"
    )
    lay_out({PATH: MODEL}, tmp_path)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error[CBX901] internal-error: KeyError: 'silver.orders' (in ")
    assert "`cbx compile`" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "target").exists()


def test_json_is_one_document_on_the_standard_output(tmp_path: Path) -> None:
    """Other tools read it, so its shape is a promise."""
    lay_out({PATH: WRONG, "models/bronze/orders.sql": MODEL}, tmp_path)
    done = cbx("compile", "--format", "json", folder=tmp_path)
    document = json.loads(done.stdout)
    expected = {
        "diagnostics": [
            {
                "code": "CBX201",
                "name": "unknown-model",
                "severity": "error",
                "message": "`silver.orders` reads `bronze.odrers`, which no model defines",
                "path": PATH,
                "line": 2,
                "column": 22,
                "end_line": 2,
                "end_column": 37,
                "hint": "did you mean `bronze.orders`?",
                "related": [],
            }
        ],
        "summary": {"errors": 1, "warnings": 0, "models": 2},
    }
    actual = document

    assert (done.returncode, done.stderr) == (1, "")
    assert [list(diagnostic) for diagnostic in document["diagnostics"]] == [KEYS]
    assert expected == actual


def test_json_of_a_second_place_has_that_place(tmp_path: Path) -> None:
    """`related` holds a message and the same five fields of a place."""
    lay_out({"models/silver/a.sql": WRONG, "models/bronze/odrers.sql": WRONG}, tmp_path)
    text = WRONG.replace("bronze.odrers", "silver.a")
    (tmp_path / "models" / "bronze" / "odrers.sql").write_text(text, encoding="utf-8")
    done = cbx("compile", "--format", "json", folder=tmp_path)
    cycle = next(diagnostic for diagnostic in json.loads(done.stdout)["diagnostics"] if diagnostic["code"] == "CBX202")
    expected = ["message", *PLACE]
    actual = list(cycle["related"][0])

    assert expected == actual


def test_json_of_a_clean_project_is_empty_and_the_status_zero(tmp_path: Path) -> None:
    """Nothing but the document is printed."""
    lay_out({PATH: MODEL}, tmp_path)
    done = cbx("compile", "--format", "json", folder=tmp_path)
    expected = {"diagnostics": [], "summary": {"errors": 0, "warnings": 0, "models": 1}}
    actual = json.loads(done.stdout)

    assert (done.returncode, done.stderr) == (0, "")
    assert expected == actual


def test_json_without_a_place_has_nulls(tmp_path: Path) -> None:
    """A project that is not there has no line to point at."""
    done = cbx("compile", "--format", "json", "--project", str(tmp_path), folder=tmp_path)
    (found,) = json.loads(done.stdout)["diagnostics"]
    expected = [None] * 5
    actual = [found[name] for name in PLACE]

    assert done.returncode == 2
    assert expected == actual


def test_github_annotations_stand_on_the_standard_error(tmp_path: Path) -> None:
    """A workflow command per diagnostic, its hint on a line of its own."""
    lay_out({PATH: WRONG, "models/bronze/orders.sql": MODEL}, tmp_path)
    done = cbx("compile", "--format", "github", folder=tmp_path)
    expected = (
        "::error file=models/silver/orders.sql,line=2,col=22,endLine=2,endColumn=37,title=CBX201 unknown-model::"
        "`silver.orders` reads `bronze.odrers`, which no model defines%0Ahint: did you mean `bronze.orders`?\n"
    )
    actual = done.stderr

    assert (done.returncode, done.stdout) == (1, "")
    assert expected == actual


def test_text_stands_on_the_standard_error_and_ends_with_a_count(tmp_path: Path) -> None:
    """The last line says what happened to target/ and what to read next."""
    lay_out({PATH: WRONG}, tmp_path)
    done = cbx("compile", folder=tmp_path)
    expected = "1 error. Nothing was written. For more information, run `cbx explain CBX201`."
    actual = done.stderr.strip().split("\n")[-1]

    assert (done.returncode, done.stdout) == (1, "")
    assert expected == actual


def test_an_environment_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    """A misspelt environment would compile for none."""
    lay_out({PATH: MODEL, "project.toml": MINIMAL_PROJECT + "\n[environments.prod]\n"}, tmp_path)
    done = cbx("compile", "--env", "prd", folder=tmp_path)

    assert done.returncode == 1
    assert "the project has no environment `prd`" in done.stderr
    assert "did you mean `prod`?" in done.stderr


@pytest.mark.parametrize("wanted", ["CBX201", "cbx201", "201", "unknown-model"])
def test_explain_prints_the_page_of_a_code(wanted: str, tmp_path: Path) -> None:
    """In any spelling that people will try, and outside any project."""
    done = cbx("explain", wanted, folder=tmp_path)
    expected = (PAGES / "CBX201.md").read_text(encoding="utf-8")
    actual = done.stdout

    assert (done.returncode, done.stderr) == (0, "")
    assert expected == actual


def test_a_terminal_shows_which_file_is_which() -> None:
    """Rendered Markdown would leave out the paths of code blocks."""
    page = name_files(read_page("CBX314") or "")

    assert "*models/gold/revenue.sql*\n\n```sql\n{{ materialized_view" in page
    assert "```diagnostics\n" in page
    assert "```sql models/" not in page


def test_explain_of_an_unknown_code_suggests_one(tmp_path: Path) -> None:
    """A code that does not exist could not be explained: exit status 2."""
    done = cbx("explain", "unknown-modle", folder=tmp_path)
    other = cbx("explain", "7", folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean `unknown-model`?" in done.stderr
    assert "`cbx explain` lists the codes" in other.stderr


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def add_byte_order_mark(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.encode()


@pytest.mark.parametrize("saved", [crlf, add_byte_order_mark, str.encode], ids=["CRLF", "byte order mark", "plain"])
def test_places_are_the_same_however_an_editor_saves_a_file(saved: object, tmp_path: Path) -> None:
    """Line breaks of Windows and byte order marks move no caret and change no notebook."""
    model = (
        'from cbx import materialized_view, ref\n\n\n@materialized_view()\ndef orders(é=ref("x.y")):\n    return é\n'
    )
    lay_out({}, tmp_path)
    for path, text in {"models/silver/orders.py": model, "models/silver/items.sql": WRONG}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(saved(text))  # type: ignore[operator] # one of the three above
    expected = ["models/silver/items.sql:2:22", "models/silver/orders.py:5:18"]
    actual = [str(diagnostic.span) for diagnostic in compile_project(tmp_path).diagnostics]

    assert expected == actual


def test_lines_of_windows_make_the_same_notebook(tmp_path: Path) -> None:
    """Otherwise two colleagues would compile two targets."""
    artifacts = []
    for name, saved in (("plain", str.encode), ("crlf", crlf), ("marked", add_byte_order_mark)):
        root = tmp_path / name
        lay_out({}, root)
        (root / "models" / "silver").mkdir(parents=True)
        (root / PATH).write_bytes(saved(MODEL.replace("SELECT", "-- Orders.\n\nSELECT")))
        artifacts.append(compile_project(root).artifacts)
    first, *others = artifacts

    assert first
    assert others == [first, first]


def test_a_yaml_file_beside_models_is_cbx109(tmp_path: Path) -> None:
    """What dbt's users declare there would be ignored in silence; the page shows what the compiler prints."""
    path = "models/silver/schema.yml"
    lay_out({PATH: MODEL, path: "version: 2\nmodels:\n  - name: orders\n"}, tmp_path)
    done = cbx("compile", folder=tmp_path)
    again = cbx("compile", folder=tmp_path)
    (tmp_path / path).unlink()
    after = cbx("compile", folder=tmp_path)
    headline, place = done.stderr.split("\n")[:2]

    assert done.returncode == again.returncode == after.returncode == 0
    assert f"{headline}\n{place}\n" in (read_page("CBX109") or "")
    assert again.stderr == done.stderr
    assert "CBX109" not in after.stderr
