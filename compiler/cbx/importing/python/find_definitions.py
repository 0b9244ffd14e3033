"""Finds what the Python code of a pipeline defines."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cbx.diagnostics.source_files import Span
from cbx.importing.definitions import (
    FoundChanges,
    FoundDataset,
    FoundDefinition,
    FoundExpectation,
    FoundFlow,
    FoundKind,
    FoundOther,
    FoundText,
    Origin,
    TableOption,
    TableSettings,
    UnreadableArgumentError,
    default_text,
)
from cbx.importing.evaluation.evaluator import Evaluator, is_of_pipeline
from cbx.importing.evaluation.values import (
    UNKNOWN,
    LibraryCall,
    LibraryName,
    LocalModule,
    NameScope,
    SecretText,
    TextTemplate,
    UserFunction,
    is_plain,
)
from cbx.importing.python.arguments import (
    arguments_of,
    is_expectation,
    read_columns,
    read_condition,
    read_expectations,
    read_sequence,
    read_text,
)
from cbx.importing.python.schemas import read_schema
from cbx.importing.reading.pipeline_sources import PythonFile
from cbx.spark_spelling import value_text

_KINDS: Final[Mapping[str, FoundKind]] = {
    "table": "table",
    "create_table": "table",
    "materialized_view": "materialized_view",
    "view": "view",
    "create_view": "view",
    "temporary_view": "view",
}
_TARGETS: Final = frozenset(("create_streaming_table", "create_target_table", "create_streaming_live_table"))
_CHANGES: Final = frozenset(("create_auto_cdc_flow", "apply_changes"))
_SNAPSHOTS: Final = frozenset(("create_auto_cdc_from_snapshot_flow", "apply_changes_from_snapshot"))
_OTHERS: Final[Mapping[str, str]] = {
    "foreach_batch_sink": "a sink that is a function",
    "on_event_hook": "an event hook",
}
_PROBLEMS: Final[Mapping[str, str]] = {
    "foreach_batch_sink": "it is a sink that is a function: write `sink(foreach_batch=...)`",
}
_NOTED: Final[Mapping[str, str]] = {
    "path": "the path of the table is not carried over: the table is managed by the catalog",
}
_UNSAID: Final = ("system_sequence_by", "columns_to_update", "ignore_null_updates_except_column_list")
_SAID: Final = (
    *("target", "source", "keys", "sequence_by", "stored_as_scd_type", "name", "flow_name", "once"),
    *("apply_as_deletes", "apply_as_truncates", "column_list", "except_column_list"),
    *("ignore_null_updates", "ignore_null_updates_column_list"),
    *("track_history_column_list", "track_history_except_column_list"),
)
_UNCERTAIN: Final = "whether it is defined is not known without running the notebook"


@dataclass(eq=False, slots=True)
class PythonDefinitions:
    """Follows the Python files of a pipeline, and notes what they define.

    Attributes:
        files: The files, notebooks and modules alike, by number.
        configuration: The values of the configuration.
        found: What they define.
        notebooks: The numbers of the files whose definitions count, in order.
    """

    files: Sequence[PythonFile]
    configuration: Mapping[str, str]
    found: list[FoundDefinition] = field(default_factory=list)
    scopes: dict[int, NameScope] = field(default_factory=dict)
    _current: tuple[int, int, ast.stmt | None] = (0, 0, None)
    _evaluator: Evaluator | None = None
    _modules_in_work: set[int] = field(default_factory=set)

    def follow(self, number: int) -> None:
        """Follow a file from top to bottom."""
        if number in self.scopes:
            return
        scope = self.scopes[number] = NameScope(number)
        evaluator = self._evaluator = self._evaluator or Evaluator(self)
        before = self._current
        for index, statement in enumerate(self.files[number].tree.body):
            self._current = (number, index, statement)
            evaluator.run([statement], scope)
        self._current = before

    def import_module(self, name: str, level: int, file: int) -> LocalModule | None:
        """The module of a file beside the notebooks, which is followed first."""
        number = self.files[file].find_module(name, level, self.files)
        if number is None:
            return None
        self.follow(number)
        return LocalModule(number, self.scopes[number])

    def define(self, function: UserFunction, decorators: Sequence[Any]) -> None:
        """Note a function with decorators of the pipeline's API."""
        words = [_ApiWord.of(decorator) for decorator in decorators]
        if any(word is None for word in words):
            self._note_unreadable(function, "it has a decorator that is not of the pipeline's API")
            return
        known = [word for word in words if word is not None]
        main = next((word for word in known if not is_expectation(word.name)), None)
        if main is None:
            return
        rules = [word for word in known if is_expectation(word.name)]
        if main.name == "append_flow":
            self._add_append_flow(function, main)
        elif main.name in _OTHERS:
            name = main.arguments.get("name")
            origin, problem = self._origin(function), _PROBLEMS.get(main.name, "")
            self._add(FoundOther(_OTHERS[main.name], str(name or _name_of(function)), origin, problem=problem))
        elif main.name in _KINDS:
            self._add_dataset(function, main, rules)
        else:
            self._note_unreadable(function, f"`{main.name}` is not known as a decorator")

    def call(self, name: str, arguments: Sequence[Any], keywords: dict[str, Any], node: ast.Call) -> None:
        """Note a call that defines a table, a flow or a sink."""
        word = name.partition(".")[2]
        given = arguments_of(word, arguments, keywords)
        origin = self._origin_of(node)
        if word in _TARGETS:
            self._add_target(given, origin)
        elif word == "create_sink":
            self._add_sink(given, origin)
        elif word in _CHANGES:
            self._add_changes(given, origin)
        elif word in _SNAPSHOTS:
            self._add_changes(given, origin, is_snapshot=True)
        elif word in _OTHERS and word not in {"foreach_batch_sink", "on_event_hook"}:
            target = self._text(given.get("target"))
            self._add(FoundOther(_OTHERS[word], str(given.get("name", target or "?")), origin, target))

    def _add(self, definition: FoundDefinition) -> None:
        is_certain = self._evaluator is None or self._evaluator.is_certain
        if not is_certain and not isinstance(definition, FoundOther):
            definition = replace(definition, problems=(*definition.problems, _UNCERTAIN))
        self.found.append(definition)

    def _add_dataset(self, function: UserFunction, main: _ApiWord, rules: Sequence[_ApiWord]) -> None:
        problems: list[str] = []
        expectations: list[FoundExpectation] = []
        for rule in rules:
            with _collecting(problems):
                expectations += read_expectations(rule.name, rule.positional, rule.keywords)
        given = {name: value for name, value in main.arguments.items() if name != "query_function"}
        name = self._text(given.get("name", _name_of(function)))
        if name is None:
            problems.append("its name is not known without running the notebook")
        settings = _settings(given, self.configuration, problems)
        self._add(
            FoundDataset(
                name or _name_of(function), _KINDS[main.name], self._origin(function), function, tuple(expectations),
                settings, tuple(problems),
            )
        )  # fmt: skip

    def _add_target(self, given: dict[str, Any], origin: Origin) -> None:
        problems: list[str] = []
        expectations: list[FoundExpectation] = []
        for word in ("expect_all", "expect_all_or_drop", "expect_all_or_fail"):
            if given.get(word) is not None:
                with _collecting(problems):
                    expectations += read_expectations(word, [given[word]], {})
        name = self._text(given.get("name"))
        if name is None:
            problems.append("its name is not known without running the notebook")
        settings = _settings(given, self.configuration, problems)
        self._add(
            FoundDataset(name or "?", "streaming_table", origin, None, tuple(expectations), settings, tuple(problems))
        )

    def _add_sink(self, given: dict[str, Any], origin: Origin) -> None:
        name, sink_format, options = self._text(given.get("name")), given.get("format"), given.get("options") or {}
        problems: list[str] = []
        if name is None:
            problems.append("its name is not known without running the notebook")
        if not isinstance(sink_format, str) or not _are_texts(options):
            problems.append("its format or options are not known without running the notebook")
        written = _written_options(options) if isinstance(options, dict) else {}
        settings = TableSettings(options={"format": str(sink_format), **({"options": written} if written else {})})
        self._add(FoundDataset(name or "?", "sink", origin, None, settings=settings, problems=tuple(problems)))

    def _add_append_flow(self, function: UserFunction, main: _ApiWord) -> None:
        given, problems = main.arguments, []
        target, name = self._text(given.get("target")), self._text(given.get("name", _name_of(function)))
        if target is None:
            problems.append("its target is not known without running the notebook")
        if given.get("spark_conf"):
            problems.append("a flow of a model has no Spark settings")
        is_once = given.get("once", False) is not False
        self._add(
            FoundFlow(target or "?", name or "?", self._origin(function), function, is_once, problems=tuple(problems))
        )

    def _add_changes(self, given: dict[str, Any], origin: Origin, *, is_snapshot: bool = False) -> None:
        target, source = self._text(given.get("target")), self._text(given.get("source"))
        problems: list[str] = []
        if is_snapshot and isinstance(given.get("source"), UserFunction):
            problems.append("a function returns its snapshots: write `snapshots(function=...)`")
        elif target is None or source is None:
            problems.append("its target or source is not known without running the notebook")
        problems += [f"a model has no {name}" for name in _UNSAID if given.get(name)]
        problems += [f"AUTO CDC has no argument {name}" for name in given if name not in {*_SAID, *_UNSAID}]
        name = self._text(given.get("name", given.get("flow_name")))
        is_once = given.get("once", False) is not False
        changes = FoundChanges(
            target or "?", source or "?", origin, name=name, is_once=is_once, is_snapshot=is_snapshot
        )
        with _collecting(problems):
            changes = _read_changes(changes, given)
        self._add(replace(changes, problems=tuple(problems)))

    def _note_unreadable(self, function: UserFunction, problem: str) -> None:
        name = _name_of(function)
        self._add(FoundDataset(name, "table", self._origin(function), function, problems=(problem,)))

    def _text(self, value: Any) -> str | None:
        if isinstance(value, (str, TextTemplate)):
            return default_text(value, self.configuration)
        return None

    def _origin(self, function: UserFunction) -> Origin:
        return self._origin_of(function.node, function.scope.outermost.file)

    def _origin_of(self, node: ast.expr | ast.stmt, file: int | None = None) -> Origin:
        """The origin of a node; of one in a module, the statement of the notebook that led to it."""
        number, index, statement = self._current
        own_file = self.files[number if file is None else file]
        line = node.decorator_list[0].lineno if getattr(node, "decorator_list", None) else node.lineno  # type: ignore[union-attr] # it has one
        if file is None and statement is not None and not statement.lineno <= line <= (statement.end_lineno or line):
            line, own_file = statement.lineno, self.files[number]
        span = own_file.file.whole_line(line) if line >= 1 else Span(own_file.file.path)
        return Origin(number, index, span)


@dataclass(frozen=True, slots=True)
class _ApiWord:
    """A decorator of the pipeline's API with its arguments."""

    name: str
    positional: tuple[Any, ...]
    keywords: dict[str, Any]

    @classmethod
    def of(cls, value: Any) -> _ApiWord | None:
        if isinstance(value, LibraryName) and is_of_pipeline(value.name):
            return cls(value.name.partition(".")[2], (), {})
        if isinstance(value, LibraryCall) and is_of_pipeline(value.name):
            return cls(value.name.partition(".")[2], value.arguments, dict(value.keywords))
        return None

    @property
    def arguments(self) -> dict[str, Any]:
        return arguments_of(self.name, self.positional, self.keywords)


@contextmanager
def _collecting(problems: list[str]) -> Iterator[None]:
    """Collect the reason of an unreadable argument."""
    try:
        yield
    except UnreadableArgumentError as error:
        problems.append(str(error))


def _name_of(function: UserFunction) -> str:
    return getattr(function.node, "name", "lambda")


def _settings(given: Mapping[str, Any], configuration: Mapping[str, str], problems: list[str]) -> TableSettings:
    settings = TableSettings()
    if given.get("schema") is not None:
        with _collecting(problems):
            settings = read_schema(_with_defaults(given["schema"], configuration))
    with _collecting(problems):
        settings = replace(settings, options=_read_options(given))
    notes = [reason for name, reason in _NOTED.items() if given.get(name)]
    with _collecting(problems):
        comment = read_text(given, "comment")
        settings = replace(settings, comment=None if comment is None else default_text(comment, configuration))
    with _collecting(problems):
        settings = replace(settings, cluster_by=read_columns(given, "cluster_by") or ())
    properties = given.get("table_properties")
    if properties is UNKNOWN or (properties and not is_plain(properties)):
        notes.append("the table properties are not known without running the notebook")
    elif isinstance(properties, dict):
        settings = replace(settings, properties={str(key): value_text(item) for key, item in properties.items()})
    return replace(settings, notes=tuple(dict.fromkeys((*settings.notes, *notes))))


def _read_options(given: Mapping[str, Any]) -> dict[str, TableOption]:
    """How the table is stored, refreshed and shown.

    Raises:
        UnreadableArgumentError: If one of the values is not known.
    """
    options: dict[str, TableOption] = {}
    if partition_cols := read_columns(given, "partition_cols"):
        options["partition_cols"] = partition_cols
    if given.get("cluster_by_auto") is True:
        options["cluster_by"] = "auto"
    for name in ("row_filter", "refresh_policy"):
        text = read_text(given, name)
        if isinstance(text, TextTemplate):
            raise UnreadableArgumentError(f"the value of {name}= is not known without running the notebook")
        if text is not None:
            options[name] = text
    spark_conf = given.get("spark_conf")
    if spark_conf and not (isinstance(spark_conf, dict) and is_plain(spark_conf)):
        raise UnreadableArgumentError("the value of spark_conf= is not known without running the notebook")
    if spark_conf:
        options["spark_conf"] = {str(key): value_text(item) for key, item in spark_conf.items()}
    if given.get("private") is True or given.get("temporary") is True:
        options["private"] = True
    return options


def _written_options(options: Mapping[Any, Any]) -> dict[str, FoundText | SecretText]:
    return {
        str(name): value if isinstance(value, (TextTemplate, SecretText)) else value_text(value)
        for name, value in options.items()
    }


def _are_texts(options: Any) -> bool:
    """Whether the values of options are known."""
    return isinstance(options, dict) and all(
        isinstance(value, (TextTemplate, SecretText)) or is_plain(value) for value in options.values()
    )


def _with_defaults(value: Any, configuration: Mapping[str, str]) -> Any:
    return default_text(value, configuration) if isinstance(value, TextTemplate) else value


def _read_changes(changes: FoundChanges, given: Mapping[str, Any]) -> FoundChanges:
    """The arguments of a flow of changes.

    Raises:
        UnreadableArgumentError: If a model cannot say one of them.
    """
    scd_type = str(given.get("stored_as_scd_type", 1))
    if scd_type not in {"1", "2"}:
        raise UnreadableArgumentError(f"a model has no SCD type {scd_type}")
    listed = read_columns(given, "ignore_null_updates_column_list")
    columns: Callable[[str], tuple[str, ...] | None] = lambda name: read_columns(given, name)  # noqa: E731 - short
    sequence_by, expression = ((), None) if changes.is_snapshot else read_sequence(given)
    return replace(
        changes,
        keys=columns("keys") or (),
        sequence_by=sequence_by,
        sequence_expression=expression,
        scd_type=int(scd_type),
        apply_as_deletes=read_condition(given, "apply_as_deletes"),
        apply_as_truncates=read_condition(given, "apply_as_truncates"),
        ignore_null_updates=listed or given.get("ignore_null_updates", False) is True,
        column_list=columns("column_list"),
        except_column_list=columns("except_column_list") or (),
        track_history=columns("track_history_column_list"),
        track_history_except=columns("track_history_except_column_list"),
    )
