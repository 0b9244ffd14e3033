"""The declaration of a model: a decorator in Python, the first braces in SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cbx.declare.reader_options import nearest_option, spelling
from cbx.emit.literals import list_literal, string_literal
from cbx.importing.candidates import Candidate
from cbx.importing.definitions import FoundChanges, FoundText, TableOption
from cbx.importing.evaluation.values import SecretText, TextTemplate
from cbx.importing.reads import FileInputRead, ReaderInputRead
from cbx.importing.sql.column_settings import column_comment, column_mask
from cbx.importing.sql.queries import escape_jinja, query_text
from cbx.spark_spelling import value_text

WIDTH: Final = 116
_INFERRED: Final = frozenset(("json", "csv", "xml"))
"""The formats in which types are inferred only on request."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """The kind of a model, and its arguments as Python expressions of one or several lines."""

    kind: str
    arguments: tuple[tuple[str, str], ...]

    def call(self) -> str:
        """The call of the kind, one argument per line if it is long."""
        one_line = f"{self.kind}({', '.join(f'{name}={value}' for name, value in self.arguments)})"
        if len(one_line) <= WIDTH - 8 and "\n" not in one_line:
            return one_line
        lines = "".join(f"    {name}={value},\n" for name, value in self.arguments)
        return f"{self.kind}(\n{lines})"

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the vocabulary in it."""
        text = self.call()
        words = (self.kind, "column", "expect", "expect_or_drop", "expect_or_fail", "secret")
        return tuple(word for word in words if f"{word}(" in text)


def template(text: FoundText, variables: Mapping[str, str]) -> str:
    """A text as a template of a declaration."""
    if isinstance(text, str):
        return escape_jinja(text)
    return "".join(
        escape_jinja(part) if isinstance(part, str) else f"{{{{ var('{variables[part.key]}') }}}}"
        for part in text.parts
    )


def literal(text: FoundText, variables: Mapping[str, str]) -> str:
    """A text as a literal of a declaration."""
    return string_literal(template(text, variables))


def query_expression(text: FoundText, variables: Mapping[str, str]) -> str:
    """A text as an expression of a query's template: ``var("landing") ~ "/orders"``."""
    if isinstance(text, str):
        return string_literal(text)
    return " ~ ".join(
        string_literal(part) if isinstance(part, str) else f'var("{variables[part.key]}")' for part in text.parts
    )


def names_literal(names: tuple[str, ...]) -> str:
    """A column, or a list of columns."""
    return string_literal(names[0]) if len(names) == 1 else list_literal(names)


def declare_model(candidate: Candidate, variables: Mapping[str, str], *, description: str | None) -> Declaration:
    """The declaration of a candidate.

    Args:
        candidate: The candidate.
        variables: The project's variable for each key of the configuration.
        description: The description, if it has to be an argument.
    """
    settings = candidate.dataset.settings
    arguments: list[tuple[str, str]] = []
    if candidate.into is not None:
        arguments += [("into", string_literal(candidate.into)), *([("once", "True")] if candidate.is_once else [])]
        return Declaration(candidate.kind, tuple(arguments))
    if candidate.changes is not None:
        arguments += _changes(candidate.changes, variables)
    elif settings.key:
        arguments.append(("key", names_literal(settings.key)))
    if description is not None:
        arguments.append(("description", string_literal(escape_jinja(description))))
    columns = _columns(candidate)
    if columns:
        arguments.append(("columns", columns))
    expectations = _expectations(candidate, variables)
    if expectations:
        arguments.append(("expectations", write_items("[", expectations, "]")))
    if settings.cluster_by:
        arguments.append(("cluster_by", names_literal(settings.cluster_by)))
    if candidate.kind != "view":
        arguments += [(name, _option_literal(value, variables)) for name, value in settings.options.items()]
    properties = _properties(candidate)
    if properties:
        items = [
            f"{string_literal(escape_jinja(name))}: {string_literal(escape_jinja(value))}"
            for name, value in properties.items()
        ]
        arguments.append(("properties", write_items("{", items, "}")))
    return Declaration(candidate.kind, tuple(arguments))


def _option_literal(value: TableOption, variables: Mapping[str, str]) -> str:
    match value:
        case bool():
            return str(value)
        case str():
            return string_literal(escape_jinja(value))
        case tuple():
            return names_literal(value)
        case _:
            items = [f"{literal(name, variables)}: {_value(text, variables, literal)}" for name, text in value.items()]
            return write_items("{", items, "}")


def _properties(candidate: Candidate) -> dict[str, str]:
    """The table properties; views and sinks have none, and the layer is the property `quality` unless it differs."""
    if candidate.kind in {"view", "sink"}:
        return {}
    return {name: value for name, value in candidate.dataset.settings.properties.items() if name != "quality"}


def write_items(opening: str, items: Sequence[str], closing: str) -> str:
    """The items of a list or dictionary of an argument, one per line if they are long."""
    one_line = opening + ", ".join(items) + closing
    if len(one_line) <= WIDTH - 30:
        return one_line
    return opening + "\n" + "".join(f"        {item},\n" for item in items) + f"    {closing}"


def _expectations(candidate: Candidate, variables: Mapping[str, str]) -> list[str]:
    required = [
        f"expect_or_fail({string_literal(f'{column.name} is not null')}, "
        f"{string_literal(f'{column.name} IS NOT NULL')})"
        for column in candidate.dataset.settings.columns
        if column.is_required and not _is_dropped(column.name, candidate)
    ]
    written = [
        f"{rule}({string_literal(escape_jinja(name))}, {literal(condition, variables)})"
        for rule, name, condition in candidate.dataset.expectations
    ]
    return [*written, *required]


def _is_dropped(column: str, candidate: Candidate) -> bool:
    """Whether an expectation drops the rows in which a column is NULL, before NOT NULL is checked."""
    wanted = f"{column} is not null".lower()
    rules = candidate.dataset.expectations
    return any(rule == "expect_or_drop" and wanted in query_text(text).lower() for rule, _, text in rules)


def _columns(candidate: Candidate) -> str:
    """The declared columns; empty where they would be taken for the columns of files."""
    columns = candidate.dataset.settings.columns
    if not columns or any(isinstance(read, FileInputRead) for read in candidate.reads):
        return ""
    items = []
    for column in columns:
        kind = string_literal(" ".join(column.type.split()))
        comment = column_comment(column)
        extra = [] if comment is None else [string_literal(escape_jinja(comment))]
        extra += ["not_null=True"] if column.is_required else []
        mask = column_mask(column)
        extra += [f"mask={string_literal(escape_jinja(mask))}"] if mask is not None else []
        value = f"column({', '.join([kind, *extra])})" if extra else kind
        items.append(f"{string_literal(column.name)}: {value}")
    return write_items("{", items, "}")


def _changes(changes: FoundChanges, variables: Mapping[str, str]) -> list[tuple[str, str]]:
    arguments = [("key", names_literal(changes.keys))]
    if not changes.is_snapshot:
        arguments.append(("sequence_by", names_literal(changes.sequence_by)))
    if changes.scd_type != 1:
        arguments.append(("scd_type", str(changes.scd_type)))
    if changes.apply_as_deletes is not None:
        arguments.append(("apply_as_deletes", literal(changes.apply_as_deletes, variables)))
    if changes.apply_as_truncates is not None:
        arguments.append(("apply_as_truncates", literal(changes.apply_as_truncates, variables)))
    if changes.ignore_null_updates:
        names = changes.ignore_null_updates
        arguments.append(("ignore_null_updates", "True" if isinstance(names, bool) else list_literal(names)))
    if changes.except_column_list:
        arguments.append(("except_columns", list_literal(changes.except_column_list)))
    if changes.track_history is not None:
        arguments.append(("track_history", list_literal(changes.track_history)))
    elif changes.track_history_except is not None:
        arguments.append(("track_history", f'{{"except": {list_literal(changes.track_history_except)}}}'))
    return arguments


def auto_loader_call(read: FileInputRead, variables: Mapping[str, str], *, in_query: bool) -> str:
    """The call of ``auto_loader`` that reads files as the source does; in a query, texts are no templates."""
    write = query_expression if in_query else literal
    options = {name: value for name, value in read.options.items() if _is_carried_over(name, read)}
    hints = options.pop(_find_spelling(options, "cloudFiles.schemaHints"), None)
    glob = options.pop(_find_spelling(options, "pathGlobFilter"), None) or options.pop(
        _find_spelling(options, "fileNamePattern"), None
    )
    arguments = [write(read.path, variables), f"format={string_literal(read.format)}"]
    if read.schema is not None:
        arguments.append(f"columns={write(' '.join(read.schema.split()), variables)}")
    if hints is not None:
        arguments.append(f"schema_hints={_value(hints, variables, write)}")
    items = [
        f"{string_literal(name)}: {_value(value, variables, write)}" for name, value in _defaults(read, options).items()
    ]
    if items:
        arguments.append("options={" + ", ".join(items) + "}")
    if glob is not None:
        arguments.append(f"glob={_value(glob, variables, write)}")
    one_line = f"auto_loader({', '.join(arguments)})"
    if len(one_line) <= WIDTH - 30:
        return one_line
    return "auto_loader(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def reader_call(read: ReaderInputRead, variables: Mapping[str, str], *, in_query: bool) -> str:
    """The call of ``kafka``, ``read_stream`` or ``read`` that reads as the source does."""
    write = query_expression if in_query else literal
    options = dict(read.options)
    if read.is_stream and read.format == "kafka" and {"kafka.bootstrap.servers", "subscribe"} <= options.keys():
        word, arguments = "kafka", [_value(options.pop("subscribe"), variables, write)]
        for name, option in (("servers", "kafka.bootstrap.servers"), ("starting_offsets", "startingOffsets")):
            if option in options:
                arguments.append(f"{name}={_value(options.pop(option), variables, write)}")
    else:
        word, arguments = "read_stream" if read.is_stream else "read", [string_literal(read.format)]
        arguments += [] if read.schema is None else [f"columns={write(' '.join(read.schema.split()), variables)}"]
    items = [f"{string_literal(name)}: {_value(value, variables, write)}" for name, value in options.items()]
    arguments += [f"options={write_items('{', items, '}')}"] if items else []
    one_line = f"{word}({', '.join(arguments)})"
    if len(one_line) <= WIDTH - 30:
        return one_line
    return f"{word}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def _find_spelling(options: Mapping[str, Any], name: str) -> str:
    """The name of an option as it is spelt in some options, or the name itself."""
    return next((key for key in options if key.lower() == name.lower()), name)


def _value(value: Any, variables: Mapping[str, str], write: Callable[[FoundText, Mapping[str, str]], str]) -> str:
    """The value of an option; ``write`` is `query_expression` in a query, and `literal` elsewhere."""
    if isinstance(value, SecretText):
        return _secret_text(value, variables, in_query=write is query_expression)
    return write(value if isinstance(value, TextTemplate) else value_text(value), variables)


def _secret_text(text: SecretText, variables: Mapping[str, str], *, in_query: bool) -> str:
    """A text with secrets: a call of ``secret``, an expression with such calls, or a template with them."""
    if in_query:
        return " ~ ".join(
            _secret(part, variables) if isinstance(part, tuple) else query_expression(part, variables)
            for part in text.parts
        )
    if len(text.parts) == 1 and isinstance(text.parts[0], tuple):
        return f"secret({', '.join(literal(name, variables) for name in text.parts[0])})"
    pieces = (
        f"{{{{ {_secret(part, variables)} }}}}" if isinstance(part, tuple) else template(part, variables)
        for part in text.parts
    )
    return string_literal("".join(pieces))


def _secret(names: tuple[FoundText, FoundText], variables: Mapping[str, str]) -> str:
    """The call of ``secret`` inside a template."""
    return f"secret({', '.join(query_expression(name, variables) for name in names)})"


def _is_carried_over(name: str, read: FileInputRead) -> bool:
    """Whether an option is carried over; the pipeline keeps schemas itself, and unknown options have no effect."""
    return name.lower() != "cloudfiles.schemalocation" and unknown_option(name, read) is None


def unknown_option(name: str, read: FileInputRead) -> str | None:
    """Why an option has no effect; None if it has."""
    if spelling(name) is not None:
        return None
    meant = nearest_option(name, read.format)
    return f"`{name}` is not an option of Auto Loader or of {read.format} files" + (
        f"; did you mean `{meant}`?" if meant else ""
    )


def _defaults(read: FileInputRead, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options that differ from those that models have by default: types are inferred, CSV files have a header."""
    result = dict(options)
    header = _find_spelling(result, "header")
    if read.format == "csv":
        has_header = read.schema is None if header not in result else str(result.pop(header)).lower() == "true"
        result |= {} if has_header else {"header": "false"}
    if read.schema is None and read.format in _INFERRED:
        infers = _find_spelling(result, "cloudFiles.inferColumnTypes")
        is_inferred = str(result.pop(infers, "false")).lower() == "true"
        result = result if is_inferred else {"cloudFiles.inferColumnTypes": "false", **result}
    return result
