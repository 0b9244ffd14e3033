"""Checks the tags of tables and columns in Unity Catalog."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.stages.resolved_model import ResolvedModel

_MOST_TAGS = 50
_LONGEST_KEY = 255
_LONGEST_VALUE = 1000
_NOT_IN_KEYS = re.compile(r"[.,\-=/:]")

Tags = tuple[tuple[str, str], ...]


def check_tags(model: ResolvedModel, report: Report) -> None:
    """Report CBX451 for tags that Unity Catalog does not take (its documentation on tags has the limits).

    Before: ``table_tags={"data-class": "pii"}``. After: an error at this tag, because a key has no dash.
    """
    for path, tags in _tags(model):
        if not model.is_published:
            what = "private" if model.is_table else f"a {model.kind}"
            message = f"`{model.id}` is {what}, and only a published table has tags"
            report.add(codes.UNUSABLE_TAG, message, model.spans.at(*path), hint="remove the tags")
            return
        if len(tags) > _MOST_TAGS:
            message = f"{len(tags)} tags in one place; Unity Catalog takes at most {_MOST_TAGS}"
            report.add(codes.UNUSABLE_TAG, message, model.spans.at(*path), hint="remove some")
        for name, value in tags:
            if _NOT_IN_KEYS.search(name) or name != name.strip():
                message = f"`{name}` is not a name of a tag"
                hint = "a name has none of `. , - = / :`, and does not begin or end with a space"
                report.add(codes.UNUSABLE_TAG, message, model.spans.at(*path, name, "key"), hint=hint)
            elif len(name) > _LONGEST_KEY or len(value) > _LONGEST_VALUE:
                limits = f"{_LONGEST_KEY} characters for the name, {_LONGEST_VALUE:,} for the value"
                message = f"the tag `{name[:60]}` is too long"
                report.add(codes.UNUSABLE_TAG, message, model.spans.at(*path, name), hint=f"the limits are {limits}")


def _tags(model: ResolvedModel) -> Iterator[tuple[tuple[str, ...], Tags]]:
    """The tags of the table and of its columns, each with their path in the declaration."""
    if model.options.table_tags:
        yield ("table_tags",), model.options.table_tags
    for column in model.columns or ():
        if column.tags:
            yield ("columns", column.name, "tags"), column.tags
