"""The notebooks of checks on the data: what could not be proven when compiling.

The patterns are those of the Databricks documentation on expectations: count the rows of each key and expect
one, and join a child to its parent and expect to find it.
"""

from __future__ import annotations

from cbx.emit.cells import api_import, api_name, call, document, import_lines
from cbx.emit.literals import string_literal
from cbx.parse.identifiers import quoted_if_needed
from cbx.project.settings import Project
from cbx.stages.plan import Artifact, KeyCheck, RelationshipCheck
from cbx.stages.resolved import Import

_FUNCTIONS = Import("pyspark.sql", "functions", "F")
_CURRENT = '.where("__END_AT IS NULL")'


def emit_key_check(check: KeyCheck, project: Project) -> Artifact:
    """The check that each key occurs once; NULLs count as equal, as a GROUP BY takes them."""
    columns = ", ".join(string_literal(quoted_if_needed(name)) for name in check.columns)
    shown = ", ".join(f"`{name}`" for name in check.columns)
    only = "current row" if check.current_only else "row"
    expected = f"{check.table} has one {only} for each {', '.join(check.columns)}"
    body = [
        f"spark.read.table({string_literal(check.table)})",
        *([_CURRENT] if check.current_only else []),
        f".groupBy({columns})",
        '.agg(F.count("*").alias("num_entries"))',
    ]
    title = [check.name, f"Each {shown} has one {only} in `{check.table}`.", "", _origin(check.model)]
    rule = ("key_is_unique", "num_entries = 1", check.on_violation)
    return Artifact(check.artifact, _notebook(project, title, check.name, expected, rule, body))


def emit_relationship_check(check: RelationshipCheck, project: Project) -> Artifact:
    """The check that each reference that is not NULL finds a row of the parent."""
    pairs = ", ".join(f"`{ours}` = `{theirs}`" if ours != theirs else f"`{ours}`" for ours, theirs in check.on)
    only = "current row" if check.current_only else "row"
    expected = f"Each {only} of {check.child_table} finds its row of {check.parent_table}"
    names = [quoted_if_needed(ours) for ours, _ in check.on]
    present = " AND ".join(f"{name} IS NOT NULL" for name in names)
    parent = ", ".join(_selected(ours, theirs) for ours, theirs in check.on)
    on = "[" + ", ".join(string_literal(ours) for ours, _ in check.on) + "]"
    body = [
        f"spark.read.table({string_literal(check.child_table)})",
        *([_CURRENT] if check.current_only else []),
        f".where({string_literal(present)})",
        f".select({', '.join(string_literal(name) for name in names)})",
        ".join(parents, " + on + ', "left")',
    ]
    before = (
        f"    parents = spark.read.table({string_literal(check.parent_table)}).select({parent}).distinct()\n"
        '    parents = parents.withColumn("parent_found", F.lit(True))\n'
    )
    title = [
        check.name,
        f"Each {only} of `{check.child_table}` finds its row of `{check.parent_table}` by {pairs}.",
    ]
    title += ["", _origin(check.child, check.parent)]
    rule = ("parent_exists", "parent_found", check.on_violation)
    return Artifact(check.artifact, _notebook(project, title, check.name, expected, rule, body, before))


def _selected(ours: str, theirs: str) -> str:
    """The parent's column under the child's name."""
    column = string_literal(quoted_if_needed(theirs))
    return column if ours == theirs else f"F.col({column}).alias({string_literal(ours)})"


def _origin(*models: str) -> str:
    reads = ", ".join(f"`{model}`" for model in dict.fromkeys(models))
    return f"Reads {reads}. Compiled by cbx, since it could not be proven: change the models, not this."


def _notebook(
    project: Project,
    title: list[str],
    name: str,
    comment: str,
    rule: tuple[str, str, str],
    body: list[str],
    before: str = "",
) -> str:
    api = api_name(project)
    kind = "table" if api == "dlt" else "materialized_view"
    rule_name, condition, on_violation = rule
    decorator = "expect_or_fail" if on_violation == "fail" else "expect"
    lines = "\n".join(f"        {line}" for line in body)
    dataset = "\n".join(
        [
            call(
                f"@{api}.{kind}",
                [("name", string_literal(name)), ("comment", string_literal(comment)), ("private", "True")],
            ),
            f"@{api}.{decorator}({string_literal(rule_name)}, {string_literal(condition)})",
            f"def {name}():\n{before}    return (\n{lines}\n    )",
        ]
    )
    return document(project, title, [import_lines([api_import(project), _FUNCTIONS]), dataset])
