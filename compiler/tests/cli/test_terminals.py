"""Everything that a terminal of 60 to 200 columns shows: no line is too long, no word of a file's output is broken.

The project has long names, a wide table, texts of other scripts, violations, and commands that fail.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import pytest

from cbx.cli.commands import application
from cbx.cli.display.terminal_text import text_width, wrap_words
from compiler.tests.command import run_cbx
from compiler.tests.literate import lay_out

LONG = "orders_of_the_last_financial_year_by_country_and_channel"
WIDE = ", ".join(f"{number} AS a_rather_long_column_name_{number}" for number in range(12))
FILES = {
    "project.toml": """
        [project]
        name = "shop"
        layers = ["bronze", "silver", "gold"]

        [run]
        engine = "sail"

        [environments.dev]
        catalog = "shop_dev"

        [environments.a_second_environment_with_a_long_name]
        catalog = "shop_prod"
    """,
    "models/bronze/orders.sql": """
        {{ streaming_table(
            key="id",
            columns={"id": "INT", "stadt": "STRING", "amount": "DOUBLE"},
            expectations=[
                expect_or_drop("the_city_is_known_to_the_sales_department", "stadt IS NOT NULL"),
                expect("the_amount_is_not_negative_and_not_suspiciously_large", "amount BETWEEN 0 AND 100"),
                expect("the_amount_is_rounded_to_two_digits", "amount < 1"),
            ],
            quarantine=True,
        ) }}
        SELECT id, stadt, amount
        FROM {{ auto_loader("landing", format="json", schema_hints="id INT, amount DOUBLE") }}
    """,
    f"models/gold/{LONG}.sql": f"""
        {{{{ materialized_view(relationships=[many_to_one("bronze.orders", on="id")]) }}}}
        -- Bestellungen je Größe, 注文の合計.
        SELECT id + 1 AS id, stadt, amount, '注文の合計は税込みです 漢字かな' AS bemerkung, {WIDE}
        FROM {{{{ ref("bronze.orders") }}}}
    """,
    "landing/1.json": '{"id": 1, "stadt": "Zürich", "amount": 5}\n{"id": 1, "stadt": "東京", "amount": -1}\n{"id": 3}',
    "notebooks/a.py": 'import dlt\n\n\n@dlt.table\ndef one():\n    return spark.read.table("a.b.c")\n',
    "broken/project.toml": '[project]\nname = "broken"\n',
    "broken/models/silver/a.sql": f"{{{{ materialized_view(kee='id') }}}}\nSELECT {WIDE}, amuont FRM x\n",
    "broken/models/gold/b.sql": f'{{{{ view() }}}}\nSELECT id FROM {{{{ ref("silver.{LONG}") }}}}\n',
}
COMMANDS = [
    "--help",
    "run --help",
    "graph --help",
    "contract --help",
    "compile",
    "compile --verbose",
    "compile --check",
    "compile --project broken",
    "compile --env prd",
    "compile --frmat json",
    "list --select gold.orders_of_the_last_finacial_year_by_country",
    "graph",
    "graph --columns",
    "graph --relationships",
    "graph bronze.ordres",
    "graph --columns --relationships",
    "show",
    "show bronze.orders",
    f"show gold.{LONG}",
    "show bronze.ordres",
    "show --state nowhere",
    "query SELECT",
    "query FROM bronze.orders",
    f"query SELECT {WIDE}, bemerkung, FROM gold.{LONG}",
    "query SELECT amuont FROM bronze.orders",
    "events",
    "events --state nowhere",
    "run",
    "run --project broken",
    "run --var landing",
    "run nowhere.py",
    "explain",
    "explain CBX999",
    "docs no-such-page",
    "doctor",
    "plan",
    "deploy --env prd",
    "contract export --select tag:none",
    "contract import nowhere.yaml --layer bronze",
    "init .",
    "import notebooks --into broken",
    "import nowhere --into imported",
    "test --generate bronze.ordres",
    "test no.such",
]
ESCAPE = re.compile(r"\x1b\]8;[^\x1b]*\x1b\\|\x1b\[[\d;?]*[A-Za-z]")
OPTIONAL = {"kind", "streaming", "materialized", "view", "refresh", "full", "time", "s"}
"""Words of columns that a narrow terminal leaves out."""
EXCERPT = re.compile(r"^ *\d* \|")
"""A line of a source file, which is cut around what is marked."""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    lay_out(FILES, folder)
    done = run_cbx(folder, "run")
    assert done.returncode == 0, done.stderr
    return folder


def show(arguments: Sequence[str], stream: type[io.StringIO]) -> str:
    """What a command prints to a kind of stream; the order of its two streams does not matter."""
    texts = [*arguments]
    output, errors = stream(), stream()
    with redirect_stdout(output), redirect_stderr(errors), suppress(SystemExit):
        application(texts)(texts)
    return output.getvalue() + errors.getvalue()


def split_command(command: str) -> list[str]:
    name, _, rest = command.partition(" ")
    return [name, rest] if name == "query" else command.split()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_line_is_too_long_and_no_word_is_broken(
    command: str, shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A word that is wider than the terminal stands alone."""
    monkeypatch.chdir(shop)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "DATABRICKS_HOST"):
        monkeypatch.delenv(name, raising=False)
    arguments = split_command(command)
    expected = [line for line in show(arguments, io.StringIO).splitlines() if not EXCERPT.match(line)]
    words = {word for line in expected for word in line.split() if not set(word) <= set("─│├└^.")}
    words -= OPTIONAL if command in {"show", "events", "run"} else set()

    assert words, "it prints something"
    for columns in (60, 80, 120, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = ESCAPE.sub("", show(arguments, Terminal)).replace("\r", "\n").splitlines()
        text = "\n".join(lines)

        too_long = [line for line in lines if text_width(line.rstrip()) > columns]
        assert [line for line in too_long if len(line.strip(" │").split()) > 1] == []
        assert sorted(word for word in words if word not in text and not is_time(word)) == []


def is_time(word: str) -> bool:
    return re.search(r"\d\.\d", word) is not None


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_command_in_a_message_is_not_broken(width: int) -> None:
    """It is copied; where a terminal is too narrow for it, it is."""
    text = (
        "go to the folder of a project or name it with `--project`; `cbx init shop --template sql` creates one in shop/"
    )
    lines = wrap_words(text, width, "  ")

    assert sum("`cbx init shop --template sql`" in line for line in lines) == 1
    assert max(map(len, lines)) <= width
    assert " ".join(line.strip() for line in lines) == text
    assert wrap_words("`a long command that has no room`", 20, "  ")[0] == "`a long command that"
