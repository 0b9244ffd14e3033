"""The text of a model in SQL."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from cbx.importing.candidates import Candidate, CodePart
from cbx.importing.models.change_columns import select_columns
from cbx.importing.models.column_casts import cast_columns
from cbx.importing.models.declaration import declare_model
from cbx.importing.reads import InputRead
from cbx.importing.sql.queries import ReadQuery, escape_jinja, write_query
from cbx.spark_spelling import quote_if_needed

InputCall = Callable[[InputRead], tuple[str, str]]


def write_sql_model(
    candidate: Candidate, comments: Sequence[str], input_call: InputCall, variables: Mapping[str, str]
) -> str:
    """The file of a model.

    Args:
        candidate: What becomes a model; its code is SQL.
        comments: Comments that are in none of its queries.
        input_call: The call for an input, and the name of what is read.
        variables: The project's variable for each key of the configuration.
    """
    selected: tuple[str, ...] = ()
    if candidate.changes is not None:
        changes, selected = select_columns(candidate.changes, candidate.dataset.settings.columns)
        candidate = replace(candidate, changes=changes)
    comment = candidate.dataset.settings.comment
    is_leading = comment is not None and _fits_in_comment(comment)
    declaration = declare_model(candidate, variables, description=None if is_leading else comment)
    described = (comment or "").split("\n") if is_leading else []
    others = [line for line in comments if line != comment]
    head = "" if comment is None else _comment_lines(others)
    body = _comment_lines(described if comment is not None else others)
    query = _query(candidate, selected, input_call, variables)
    return f"{head}{{{{ {declaration.call()} }}}}\n{body}" + ("\n" if body else "") + query.strip() + "\n"


def _comment_lines(lines: Sequence[str]) -> str:
    return "".join(f"-- {escape_jinja(line)}".rstrip() + "\n" for line in lines)


def _fits_in_comment(comment: str) -> bool:
    return bool(comment.strip()) and "\n" not in comment.strip()


def _query(candidate: Candidate, selected: Sequence[str], input_call: InputCall, variables: Mapping[str, str]) -> str:
    columns = candidate.dataset.settings.columns
    if candidate.source is not None:
        names = ", ".join(map(escape_jinja, selected)) or "*"
        call, _ = input_call(candidate.source)
        return f"SELECT {names}\nFROM {{{{ {call} }}}}"
    query = _part(candidate.part, input_call, variables)
    for step in cast_columns(columns) if columns else ():
        query = f"SELECT\n    {_listing(step)}\nFROM (\n{query}\n)"
    return query


def _listing(expressions: Sequence[str]) -> str:
    return ",\n    ".join(map(escape_jinja, expressions))


def _part(part: CodePart | None, input_call: InputCall, variables: Mapping[str, str]) -> str:
    assert part is not None  # noqa: S101 - the candidate has no changes
    assert isinstance(part.code, ReadQuery)  # noqa: S101 - the candidate is in SQL
    text = write_query(part.code, [input_call(read) for read in part.code.reads], variables)
    text = textwrap.dedent(text.strip("\n")).strip().removesuffix(";")
    if not part.columns:
        return text
    names = ", ".join(map(quote_if_needed, part.columns))
    return f"WITH renamed({names}) AS (\n{text}\n)\nSELECT * FROM renamed"
