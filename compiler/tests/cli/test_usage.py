"""The help of commands, and errors in their use, as somebody at a terminal sees them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cbx.cli.commands import _COMMANDS
from cbx.cli.doctor import _PARTS, find_all, finding_lines
from cbx.cli.foreign_usage import FOREIGN_COMMANDS, FOREIGN_OPTIONS_OF_COMMANDS
from compiler.tests.command import run_cbx

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[3]
PYTHON_WORDS = re.compile(r"<\w|list\[|Path\b")


def cbx(*arguments: str, columns: int = 80) -> subprocess.CompletedProcess[str]:
    return run_cbx(Path(__file__).parent, *arguments, environment={"COLUMNS": str(columns), "NO_COLOR": "1"})


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_the_help_lists_every_command_with_its_whole_description(columns: int) -> None:
    """Nothing is cut; at 80 columns, each command has one line."""
    lines = cbx("-h", columns=columns).stdout.splitlines()
    listed = [line for line in lines[: lines.index("Options:")] if line.startswith("  ")]
    names = [line.split()[0] for line in listed if line[2] != " " and line.split()[0] in _COMMANDS]

    assert "..." not in "".join(lines)
    assert names == list(_COMMANDS)
    assert max(map(len, lines)) <= min(columns, 100)
    assert columns == 60 or len(listed) == len(_COMMANDS) + 2


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
@pytest.mark.parametrize("name", [name for name in _COMMANDS if name != "contract"])
def test_the_help_of_a_command_has_examples_and_no_words_of_python(name: str, columns: int) -> None:
    """`-h` is short for `--help`. A line is not longer than people like to read."""
    result = cbx(name, "-h", columns=columns)

    assert result.returncode == 0
    assert PYTHON_WORDS.search(result.stdout) is None
    assert [mark for mark in ("{", "x>=", "<=") if mark in result.stdout] == []
    assert all(f"\n  {example}\n" in result.stdout for example in _COMMANDS[name].examples)
    assert max(map(len, result.stdout.splitlines())) <= min(columns, 100)


@pytest.mark.parametrize("name", ["export", "import"])
def test_the_help_of_contracts_is_like_that_of_other_commands(name: str) -> None:
    """A group, and commands within it."""
    listed = cbx("contract", "-h").stdout.partition("Commands:")[2]
    result = cbx("contract", name, "-h")

    assert "..." not in listed
    assert PYTHON_WORDS.search(result.stdout) is None
    assert f"\n  cbx contract {name} " in result.stdout


def test_an_option_with_choices_names_them() -> None:
    """Also where nothing else is written about them."""
    assert "--format name|json " in cbx("list", "-h").stdout


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["complie"], "no such command `complie`", "did you mean `compile`? See `cbx --help`"),
        (["frob"], "no such command `frob`", "see `cbx --help`"),
        (
            ["compile", "--envi", "x"],
            "no such option: `--envi`",
            "did you mean `--env`? See `cbx compile --help`",
        ),
        (
            ["compile", "--format", "jsno"],
            "invalid value for `--format`: `jsno` is not one of `text`, `json`, `github`",
            "did you mean `json`? See `cbx compile --help`",
        ),
        (
            ["show", "a", "b c"],
            "unexpected argument `b`",
            "see `cbx show --help`",
        ),
        (["init"], "missing argument `DIR`", "for example `cbx init shop`; see `cbx init --help`"),
        (["build"], "no such command `build`", FOREIGN_COMMANDS["build"]),
        (["run", "--target", "prod"], "no such option: `--target`", "did you mean `--env`? See `cbx run --help`"),
        (["test", "-s", "a.b"], "no such option: `-s`", "name the models: `cbx test silver.orders`"),
        (["test", "--target", "a"], "no such option: `--target`", "did you mean `--env`? See `cbx test --help`"),
        (["contract", "frob"], "no such command `frob`", "see `cbx contract --help`"),
    ],
    ids=str,
)
def test_a_mistake_in_the_use_is_an_error_like_others(arguments: list[str], message: str, hint: str) -> None:
    """A line with what is wrong, a line with the way out, status 2."""
    result = cbx(*arguments, columns=200)

    assert result.returncode == 2
    assert result.stderr.splitlines() == [f"error: {message}", f"  = hint: {hint}"]


def test_hints_for_users_of_other_tools_name_commands_that_exist() -> None:
    """And no word that is a command of cbx."""
    options = [*FOREIGN_OPTIONS_OF_COMMANDS.values()]
    named = re.findall(r"`cbx (\w+)", " ".join([*FOREIGN_COMMANDS.values(), *options]))

    assert set(named) <= set(_COMMANDS)
    assert set(FOREIGN_COMMANDS) & set(_COMMANDS) == set()
    assert {command for command, _ in FOREIGN_OPTIONS_OF_COMMANDS} <= set(_COMMANDS)


def test_without_a_command_the_help_is_shown() -> None:
    """It is what somebody needs who does not know the commands."""
    result = cbx()

    assert result.returncode == 2
    assert "First steps:" in result.stderr


def test_the_doctor_says_what_works_and_what_to_type(tmp_path: Path) -> None:
    """A folder without a project, and a user without a login."""
    result = run_cbx(tmp_path, "doctor", environment={"COLUMNS": "80", "NO_COLOR": "1", "HOME": str(tmp_path)})
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]

    assert result.returncode == 0
    assert "project missing no project.toml here or above" in lines
    assert lines[lines.index("project missing no project.toml here or above") + 1] == "cbx init shop && cd shop"
    assert any(line.startswith("cbx test ready pytest ") for line in lines)
    assert "databricks auth login --host https://<workspace>" in lines


def test_the_doctor_finds_two_packages_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PySpark and its client have the same modules; one of them alone is no finding."""
    assert all(finding.part != "PySpark" for finding in find_all())
    for name, version in (("pyspark", "4.2.1"), ("pyspark-client", "4.2.0")):
        (tmp_path / f"{name.replace('-', '_')}-{version}.dist-info").mkdir()
        (tmp_path / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    (finding,) = (finding for finding in find_all() if finding.part == "PySpark")
    lines = [line.plain for line in finding_lines(finding, 80)]

    assert " ".join(" ".join(lines).split()) == (
        "PySpark broken pyspark 4.2.1 and pyspark-client 4.2.0 are installed in the same folder, where they overwrite "
        "each other's files pip uninstall pyspark pyspark-client && pip install 'circuit-box[local]'"
    )


@pytest.mark.parametrize(("part", "extra"), [(part, extra) for part, extra, _ in _PARTS], ids=str)
def test_the_doctor_names_an_extra_that_has_the_libraries(part: str, extra: str) -> None:
    """The way out must install what is missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    of_extra = project["optional-dependencies"][extra]
    words = " ".join(of_extra)
    provided = {"sqlglotc": "sqlglot[c]", "grpcio": "pyspark-client"}
    libraries = next(libraries for name, _, libraries in _PARTS if name == part)

    assert all(provided.get(library, library) in words for library in libraries)


SHOP = '[project]\nname = "shop"\n\n[vars]\nlanding = "/landing"\n\n[environments.dev]\n\n[environments.prod]\n'


@pytest.mark.parametrize("command", ["plan", "deploy"])
def test_without_an_environment_those_of_the_project_are_named(tmp_path: Path, command: str) -> None:
    """What to type is in the hint."""
    (tmp_path / "project.toml").write_text(SHOP, "utf-8")
    result = run_cbx(tmp_path, command, "--no-trace")

    assert result.returncode == 1
    assert (
        "environment-not-deployed: no environment is named\n  = hint: add `--env dev` or `--env prod`\n"
        in result.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["plan", "--env", "prd"], "prod"),
        (["run", "--var", "lnding=x"], "landing"),
        (["run", "--engine", "sprak"], "spark"),
        (["list", "--select", "config.materialized:veiw"], "view"),
        (["explain", "repeated-mesure"], "repeated-measure"),
    ],
    ids=str,
)
def test_a_misspelt_value_gets_the_one_that_was_meant(tmp_path: Path, arguments: list[str], meant: str) -> None:
    """Of options, settings and names."""
    (tmp_path / "project.toml").write_text(SHOP, "utf-8")
    (tmp_path / "models" / "gold").mkdir(parents=True)
    (tmp_path / "models" / "gold" / "days.sql").write_text("{{ view() }}\nSELECT 1 AS day\n", "utf-8")
    result = run_cbx(tmp_path, *arguments)

    assert result.returncode > 0
    assert f"did you mean `{meant}`?" in result.stderr
