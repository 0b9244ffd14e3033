"""Decides whether a batch table needs to be recomputed.

It does not if its analyzed query is the same text, all the files that it reads are the same, and it is deterministic.
If any of this is unknown, the table is recomputed, which is always correct.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import pyspark

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
_UNCERTAIN_PATTERNS = ("PYTHON_UDF", "SCALA_UDF", "CURRENT_LIKE", "PLAN_EXPRESSION")
_UNCERTAIN_WORDS = re.compile(r"\b(?:rand|randn|random|uuid|shuffle|current_\w+|now|session_user|user)\(")


def fingerprint(frame: DataFrame, rules: Sequence[DatasetExpectation]) -> str | None:
    """A hash of everything that the rows of a table depend on; None if not all of it is known.

    Args:
        frame: The query.
        rules: The table's rules.
    """
    analysed = _java(frame).analyzed()
    if not analysed.deterministic() or any(_contains(frame, analysed, name) for name in _UNCERTAIN_PATTERNS):
        return None
    text = analysed.treeString()
    if _UNCERTAIN_WORDS.search(text) or not all(_is_plain(line) for line in text.splitlines()):
        return None
    relations = _relations(analysed)
    files = [_file(uri) for uri in _input_files(relations)]
    if None in files or not all(map(_is_of_files, relations)):
        return None
    parts = [
        pyspark.__version__,
        __version__,
        _settings(frame),
        _renumber(text),
        *map(_relation_text, relations),
        frame.schema.json(),
        *(f"{rule.name} {rule.condition} {rule.on_violation}" for rule in rules),
        *map(str, files),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def reads_only_known_files(frame: DataFrame, context: FlowContext) -> bool:
    """Whether a batch query reads only tables of the state folder, and landing folders."""
    landings = [Path(landing.removeprefix("file:")).absolute() for landing in context.reads.landings]
    known = [context.folder.state / "tables", *landings]
    files = (_file(uri) for uri in _input_files(_relations(_java(frame).analyzed())))
    return all(file is not None and any(Path(file[0]).is_relative_to(folder) for folder in known) for file in files)


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
    leaves = _java(frame).analyzed().collectLeaves()
    streams = [leaves.apply(i) for i in range(leaves.size()) if leaves.apply(i).isStreaming()]
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
    """The leaves of a plan that are read from files."""
    leaves = plan.collectLeaves()
    nodes = (leaves.apply(index) for index in range(leaves.size()))
    return [leaf.relation() for leaf in nodes if leaf.nodeName() == "LogicalRelation"]


def _is_of_files(relation: Any) -> bool:
    return str(relation.getClass().getSimpleName()) == "HadoopFsRelation"


def _input_files(relations: Sequence[Any]) -> list[str]:
    """The files that are read. ``DataFrame.inputFiles`` would optimize the plan, as the write does again."""
    return sorted({str(uri) for relation in relations if _is_of_files(relation) for uri in relation.inputFiles()})


def _relation_text(relation: Any) -> str:
    """How and from where a relation is read."""
    return f"{relation.fileFormat()} {relation.options()} {relation.location().rootPaths()}"


def _is_plain(line: str) -> bool:
    match = _TREE.match(line)
    return match is not None and match[1] in _PLAIN_NODES


def _contains(frame: DataFrame, plan: Any, pattern: str) -> bool:
    patterns = frame.sparkSession._jvm.org.apache.spark.sql.catalyst.trees.TreePattern  # type: ignore[union-attr]  # noqa: SLF001 - plans have no Python face
    return bool(plan.containsPattern(getattr(patterns, pattern)()))


def _file(uri: str) -> tuple[str, int, int] | None:
    parsed = urlparse(uri)
    if parsed.scheme not in ("", "file"):
        return None
    path = Path(unquote(parsed.path))
    status = path.stat()
    return str(path), status.st_size, status.st_mtime_ns


def _java(frame: DataFrame) -> Any:
    return frame._jdf.queryExecution()  # noqa: SLF001 - as above
