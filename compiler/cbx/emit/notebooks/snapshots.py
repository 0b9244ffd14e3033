"""The part of a notebook that reads snapshots one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cbx.emit.literals import string_literal, text_literal
from cbx.emit.notebooks.cells import WIDTH, wrapped_literal
from cbx.project.settings import Project
from cbx.stages.imports import Import
from cbx.stages.inputs import SnapshotInput
from cbx.syntax.text import Text


class _Version(NamedTuple):
    """How a version is read from the name of a file: the pattern, the expression of a match, and an example."""

    pattern: str
    value: str
    example: str


_VERSIONS = {
    "DATE": _Version(
        r"(?<!\d)(\d{4})-?(\d\d)-?(\d\d)(?!\d)",
        "{datetime}.date(*map(int, match.groups()))",
        "a date, such as 2026-01-31",
    ),
    "TIMESTAMP": _Version(
        r"(?<!\d)(\d{4})-?(\d\d)-?(\d\d)[T_ -]?(\d\d)[:-]?(\d\d)(?:[:-]?(\d\d))?(?!\d)",
        "{datetime}.datetime(*(int(part or 0) for part in match.groups()), tzinfo={datetime}.timezone.utc)",
        "a time, such as 2026-01-31T12-30",
    ),
    "BIGINT": _Version(r"^[^\d.]*(\d+)[^\d.]*(?:\.|$)", "int(match[1])", "one number, such as 12"),
}


class Modules(NamedTuple):
    """The names of modules in a notebook."""

    datetime: str
    os: str
    re: str

    def imports(self, version: str) -> Iterator[Import]:
        """The imports of a notebook that reads a folder of snapshots with versions of a type."""
        for module, name in self._asdict().items():
            if module != "datetime" or version != "BIGINT":
                yield Import(module, "", "" if name == module else name)


class SourceNames(NamedTuple):
    """The names of the variables of the function that AUTO CDC calls, none of which the model's code may have."""

    last_version: str
    next_snapshot: str
    found: str
    snapshot: str
    version: str


def emit_folder(snapshots: SnapshotInput, function: str, modules: Modules, project: Project) -> str:
    """The function that finds the next snapshot of a folder, and reads it."""
    version = _VERSIONS[snapshots.version]
    value = version.value.format(datetime=modules.datetime)
    lines = [
        f"def {function}(last_version):",
        '    """The next snapshot of the folder and its version, None if there is none."""',
        f"    folder, paths = {text_literal(snapshots.path or Text.of(''), project.name)}, {{}}",
        f"    for name in sorted({modules.os}.listdir(folder)):",
        '        if name.startswith((".", "_")):',
        "            continue",
        f'        match = {modules.re}.search(r"{version.pattern}", name)',
        "        if match is None:",
        f'            raise ValueError(f"{{folder}}/{{name}}: the name of a snapshot has {version.example}")',
        f"        version = {value}",
        '        paths.setdefault(version, []).append(f"{folder}/{name}")',
        *_utc_lines(snapshots.version, modules.datetime),
        "    versions = sorted(version for version in paths if last_version is None or version > last_version)",
        "    if not versions and last_version is None:",
        '        raise FileNotFoundError(f"there is no snapshot in {folder}, and the first update needs one")',
        "    if not versions:",
        "        return None",
        "    rows = (",
        _reader(snapshots, project, "        "),
        "    )",
        "    return rows, versions[0]",
    ]
    return "\n".join(lines)


def _utc_lines(version: str, datetime: str) -> Iterator[str]:
    """A version that comes back from the platform without its time zone is in UTC."""
    if version == "TIMESTAMP":
        yield "    if last_version is not None:"
        yield f"        last_version = last_version.replace(tzinfo=last_version.tzinfo or {datetime}.timezone.utc)"


def _reader(snapshots: SnapshotInput, project: Project, indent: str) -> str:
    """The expression that reads the files of a snapshot, one call per line."""
    names = {name.lower() for name, _ in snapshots.options}
    options = [(name, text_literal(value, project.name)) for name, value in snapshots.options]
    if snapshots.format == "csv":
        defaults = {"header": "true"} if snapshots.schema else {"header": "true", "inferSchema": "true"}
        options = [
            *((name, string_literal(value)) for name, value in defaults.items() if name.lower() not in names),
            *options,
        ]
    lines = [f"spark.read.format({string_literal(snapshots.format)})"]
    lines += [f".option({string_literal(name)}, {value})" for name, value in options]
    if snapshots.schema:
        lines.append(f".schema({wrapped_literal(snapshots.schema, indent)})")
    lines.append(".load(paths[versions[0]])")
    return "\n".join(indent + line for line in lines)


def emit_source(function: str, next_snapshot: str, names: SourceNames, result: str) -> str:
    """The function that AUTO CDC calls.

    Args:
        function: Its name.
        next_snapshot: The function that returns the next snapshot as it is stored; tests pass another in its place.
        names: The names of the variables.
        result: The expression that computes the rows of the model from the variable ``snapshot``.
    """
    first, second = names.last_version, f"{names.next_snapshot}={next_snapshot}"
    signature = f"def {function}({first}, {second}):"
    if len(signature) > WIDTH:
        signature = f"def {function}(\n    {first},\n    {second},\n):"
    return "\n".join(
        [
            signature,
            '    """The next snapshot of the table and its version, None if there is none."""',
            f"    {names.found} = {names.next_snapshot}({first})",
            f"    if {names.found} is None:",
            "        return None",
            f"    {names.snapshot}, {names.version} = {names.found}",
            f"    return {result}, {names.version}",
        ]
    )
