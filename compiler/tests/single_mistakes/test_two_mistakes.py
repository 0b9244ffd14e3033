"""Two mistakes are both shown: no diagnostic is held back for another mistake's sake."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from mistakes import CLINIC, read_files

from cbx.compiler import compile_project
from cbx.diagnostics import codes
from cbx.diagnostics.codes import Severity

pytestmark = pytest.mark.slow

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")

FILES = read_files(CLINIC)


class Change(NamedTuple):
    """What somebody wrote instead of what is in a file, and the text in which the mistake is shown."""

    path: str
    right: str
    wrong: str
    shown: str


ANIMALS, VISITS, VETS = "models/cleaned/animals.sql", "models/cleaned/visits.sql", "models/reports/busy_vets.sql"
RULES, COSTS, CLEAN = "macros/rules.sql", "models/reports/visit_costs.sql", "models/cleaned/owners_clean.py"

PAIRS = {
    "a deleted clause and another one": (
        Change(VETS, "GROUP BY v.vet_id, CAST(v.visited_at AS DATE)\n", "", "does not group by"),
        Change(COSTS, "GROUP BY t.visit_id\n", "", "`t.visit_id` beside aggregates"),
    ),
    "no FROM, and no history": (
        Change("models/landing/vets.sql", 'FROM {{ source("staff.vets") }}\n', "", "reads `vet_id`"),
        Change(ANIMALS, "    scd_type=2,\n", "", "keeps no history"),
    ),
    "a macro without its head, and an unknown one in a query": (
        Change(RULES, "{% macro listed(column, values) -%}\n", "", "unknown tag 'endmacro'"),
        Change(COSTS, 'price_of("', 'tax_free("', "no macro is named `tax_free`"),
    ),
    "two settings": (
        Change("project.toml", 'name = "clinic"', 'nmae = "clinic"', "`project.nmae`"),
        Change("project.toml", "development = true", "developement = true", "developement"),
    ),
    "two columns of one declaration": (
        Change(CLEAN, '        "phone": "STRING",\n', "", "`phone`"),
        Change(CLEAN, '        "town": "STRING",\n', "", "`town`"),
    ),
    "two lines of one declaration, each twice": (
        Change(VISITS, '"vet_id": column("INT", not_null=True),\n', '"visit_id": "INT",\n', "`visit_id` occurs twice"),
        Change(ANIMALS, '"species": "STRING",\n', '"owner_id": "BIGINT",\n', "`owner_id` occurs twice"),
    ),
    "two relationships, each the other way round": (
        Change(VISITS, 'many_to_one("landing.vets"', 'one_to_many("landing.vets"', "`vet_id` is not unique"),
        Change(VISITS, 'many_to_one("cleaned.patients"', 'one_to_many("cleaned.patients"', "`animal_id` is not unique"),
    ),
    "a macro that lacks an argument, and a wrong method": (
        Change(CLEAN, 'tidy("owner_name")', "tidy()", "missing 1 required"),
        Change("models/reports/medicine_use.py", "groupBy", "gruopBy", "`gruopBy`"),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_are_shown(name: str, tmp_path: Path) -> None:
    """Each has a diagnostic or, where they may have a common cause, a place of its own beside the other."""
    pair = PAIRS[name]
    files = dict(FILES)
    for change in pair:
        assert change.right in files[change.path]
        files[change.path] = files[change.path].replace(change.right, change.wrong)
    write_files(tmp_path, files)
    found = [
        diagnostic for diagnostic in compile_project(tmp_path).diagnostics if diagnostic.severity is not Severity.INFO
    ]
    shown = [" ".join([diagnostic.message, *(other.message for other in diagnostic.related)]) for diagnostic in found]

    assert [change.shown for change in pair if not any(change.shown in text for text in shown)] == []


def write_files(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def test_an_absent_module_is_named_once(tmp_path: Path) -> None:
    """However many models import it, themselves or through a macro."""
    absent = "from functions_of_nowhere import functions as F"
    paths = ("macros/texts.py", "models/cleaned/payments.py", "models/reports/medicine_use.py")
    files = {
        path: text.replace("from pyspark.sql import functions as F", absent) if path in paths else text
        for path, text in FILES.items()
    }
    write_files(tmp_path, files)
    found = [
        diagnostic for diagnostic in compile_project(tmp_path).diagnostics if diagnostic.code is codes.UNTRACED_MODEL
    ]

    assert len(found) == 1
    assert "functions_of_nowhere" in found[0].message
    assert len(found[0].related) == 3
