"""Describes what the rows of a batch table depend on: its analyzed query and the files that it reads.

If any of this is unknown, such as the clock or a Python function, the table is recomputed, which is always correct.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import pyspark

from cbx.runtime.flows.expectations import mark_violations
from cbx.runtime.refresh_rules.query_description import InputFile, Obstacle, QueryDescription, table_folder
from cbx.runtime.tables.compaction.replaced_files import list_files_as_written
from cbx.runtime.tables.rewritten_files import find_rewrite
from cbx.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.flow_context import FlowContext

_PLAIN_NODES = frozenset(
    {
        "Aggregate",
        "CTERelationDef",
        "CTERelationRef",
        "CollectMetrics",
        "Deduplicate",
        "Distinct",
        "Except",
        "Expand",
        "Filter",
        "Generate",
        "GlobalLimit",
        "Intersect",
        "Join",
        "LocalLimit",
        "OneRowRelation",
        "Project",
        "Range",
        "Relation",
        "ResolvedHint",
        "Sort",
        "SubqueryAlias",
        "Union",
        "View",
        "Window",
        "WithCTE",
    }
)
_NUMBER = re.compile(r"(#|__cbx_|CTERelationDef |CTERelationRef )\d+")
_TREE = re.compile(r"^[\s:+-]*(?:'|!)?(\w+)")
_UNCERTAIN_PATTERNS = {
    "PYTHON_UDF": "it calls a Python function",
    "SCALA_UDF": "it calls a function that Spark does not know",
    "CURRENT_LIKE": "it depends on the clock or on the user",
}
_UNCERTAIN_WORDS = re.compile(r"\b(?:rand|randn|random|uuid|shuffle|current_\w+|now|session_user|user)\(")


def describe_query(frame: DataFrame, rules: Sequence[DatasetExpectation]) -> QueryDescription:
    """What the rows of a table depend on.

    Args:
        frame: The query.
        rules: The table's rules.
    """
    analysed = _java(mark_violations(frame, rules)).analyzed()
    obstacle = _find_obstacle(frame, analysed)
    if obstacle is not None:
        return QueryDescription(None, obstacle=obstacle)
    relations = _relations(analysed)
    inputs: dict[str, list[InputFile]] = {}
    for relation in relations:
        files = [_file(uri) for uri in _files_of(relation)]
        if None in files or not _is_of_files(relation):
            return QueryDescription(None, obstacle=_NOT_FILES)
        known = [file for file in files if file is not None]
        inputs[_root(relation)] = list_files_as_written(_root(relation), known)
    parts = [
        pyspark.__version__,
        __version__,
        _settings(frame),
        _renumber(analysed.treeString()),
        *map(_relation_text, relations),
        frame.schema.json(),
        *(f"{rule.name} {rule.condition} {rule.on_violation}" for rule in rules),
    ]
    definition = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    rewrites = {folder: rewrite for folder in inputs for rewrite in [find_rewrite(folder)] if rewrite is not None}
    return QueryDescription(definition, inputs, tuple(map(_root, relations)), rewrites=rewrites)


_NOT_FILES = Obstacle("its query reads something other than files", "INPUT_NOT_IN_DELTA")


def _find_obstacle(frame: DataFrame, analysed: Any) -> Obstacle | None:
    """What makes the rows of a query depend on more than files; None if there is nothing."""
    plans = [analysed, *_elements(analysed.subqueriesAll())]
    for pattern, reason in _UNCERTAIN_PATTERNS.items():
        if any(_contains(frame, plan, pattern) for plan in plans):
            return Obstacle(reason, "PLAN_NOT_DETERMINISTIC")
    text = analysed.treeString()
    uncertain = _UNCERTAIN_WORDS.search(text)
    if uncertain is not None or not all(plan.deterministic() for plan in plans):
        what = f"`{uncertain[0].rstrip('(')}`" if uncertain else "a function whose result differs from call to call"
        return Obstacle(f"it calls {what}", "PLAN_NOT_DETERMINISTIC")
    unknown = next((line for line in text.splitlines() if not _is_plain(line)), None)
    return None if unknown is None else Obstacle(f"its plan has {_node(unknown)}", "PLAN_NOT_INCREMENTALIZABLE")


def reads_only_known_files(frame: DataFrame, context: FlowContext) -> bool:
    """Whether a batch query reads only tables of the state folder, and landing folders."""
    landings = [Path(landing.removeprefix("file:")).absolute() for landing in context.reads.landings]
    known = [context.folder.state / "tables", *landings]
    relations = _relations(_java(frame).analyzed())
    files = (_file(uri) for relation in relations for uri in _files_of(relation))
    return all(file is not None and any(Path(file.path).is_relative_to(folder) for folder in known) for file in files)


def streams_only_known_sources(frame: DataFrame, context: FlowContext) -> bool:
    """Whether a stream reads only streaming tables and landing folders of Auto Loader.

    Other inputs of joins do not matter: only new rows of the stream produce rows.
    """
    paths = stream_paths(frame)
    tables = f"{(context.folder.state / 'tables').as_posix()}/"
    landings = [landing.rstrip("/") for landing in context.reads.landings]
    return all(path.removeprefix("file:").startswith(tables) or path.rstrip("/") in landings for path in paths)


def stream_paths(frame: DataFrame) -> list[str]:
    """The path that each stream of a query reads; an empty string for other sources."""
    streams = [leaf for leaf in _elements(_java(frame).analyzed().collectLeaves()) if leaf.isStreaming()]
    return [
        str(leaf.dataSource().options().get("path").getOrElse(None) or "")
        if leaf.nodeName() == "StreamingRelation"
        else ""
        for leaf in streams
    ]


def _settings(frame: DataFrame) -> str:
    """The settings of Spark SQL, which can change results without changing the plan."""
    jvm: Any = frame.sparkSession._jvm  # noqa: SLF001 - as below
    settings = _java(frame).sparkSession().sessionState().conf().getAllConfs()
    ordered = jvm.java.util.TreeMap(jvm.scala.jdk.javaapi.CollectionConverters.asJava(settings))
    return str(ordered.subMap("spark.sql.", "spark.sql/").toString())


def _renumber(text: str) -> str:
    """The text of a plan with its generated numbers replaced by 0, 1, 2 and so on."""
    numbers: dict[str, str] = {}
    return _NUMBER.sub(lambda match: numbers.setdefault(match[0], f"{match[1]}{len(numbers)}"), text)


def _relations(plan: Any) -> list[Any]:
    """What a plan reads, also in subqueries."""
    nodes = [leaf for part in (plan, *_elements(plan.subqueriesAll())) for leaf in _elements(part.collectLeaves())]
    return [leaf.relation() for leaf in nodes if leaf.nodeName() == "LogicalRelation"]


def _elements(sequence: Any) -> list[Any]:
    return [sequence.apply(index) for index in range(sequence.size())]


def _is_of_files(relation: Any) -> bool:
    return str(relation.getClass().getSimpleName()) == "HadoopFsRelation"


def _files_of(relation: Any) -> list[str]:
    """The files of a relation. ``DataFrame.inputFiles`` would optimize the plan, as the write does again."""
    return sorted(map(str, relation.inputFiles())) if _is_of_files(relation) else []


def _root(relation: Any) -> str:
    """The path that a relation reads; several of them as one text."""
    if not _is_of_files(relation):
        return ""
    return " ".join(
        unquote(str(path.toString())).removeprefix("file:") for path in _elements(relation.location().rootPaths())
    )


def _relation_text(relation: Any) -> str:
    """How and from where a relation is read; of a table, from whichever version of its rows."""
    root = _root(relation)
    return f"{relation.fileFormat()} {relation.options()} {root}".replace(root, table_folder(root))


def _is_plain(line: str) -> bool:
    return _node(line) in _PLAIN_NODES


def _node(line: str) -> str:
    """The operation in a line of a plan."""
    match = _TREE.match(line)
    return match[1] if match is not None else line.strip()


def _contains(frame: DataFrame, plan: Any, pattern: str) -> bool:
    patterns = frame.sparkSession._jvm.org.apache.spark.sql.catalyst.trees.TreePattern  # type: ignore[union-attr]  # noqa: SLF001 - plans have no Python face
    return bool(plan.containsPattern(getattr(patterns, pattern)()))


def _file(uri: str) -> InputFile | None:
    parsed = urlparse(uri)
    if parsed.scheme not in ("", "file"):
        return None
    path = Path(unquote(parsed.path))
    status = path.stat()
    return InputFile(str(path), status.st_size, status.st_mtime_ns)


def _java(frame: DataFrame) -> Any:
    return frame._jdf.queryExecution()  # noqa: SLF001 - as above
