"""A Spark Connect session that only builds plans and returns their columns.

The engine is Sail, which runs in this process and needs no Java. What it does not support is removed from
a plan before the plan is sent to it: watermarks and observed metrics, which change no column, and the hidden column
``_metadata`` of files,
https://docs.databricks.com/aws/en/ingestion/file-metadata-column.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from grpc import RpcError  # type: ignore[import-untyped]
from pysail.spark import SparkConnectServer  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.connect import plan as logical
from pyspark.sql.connect.conf import RuntimeConf
from pyspark.sql.connect.dataframe import DataFrame
from pyspark.sql.connect.proto import base_pb2, expressions_pb2, relations_pb2
from pyspark.sql.connect.session import SparkSession as ConnectSession
from pyspark.sql.types import StructType

from cbx.analysis.tracing.guard import Guard
from cbx.analysis.tracing.placeholders import Placeholder
from cbx.analysis.tracing.protocol import FILE_METADATA
from cbx.analysis.tracing.undeclared_reads import is_file_format


class EngineLostError(BaseException):
    """The engine no longer answers. Not an `Exception`, so that models do not catch it."""


class TracingSession:
    """A session for the code of models.

    Attributes:
        spark: The ``spark`` of models.
        sites: The file and line that created each step of a plan, by the step's number.
        asked_schema: Whether the code asked which columns a frame has.
    """

    def __init__(self, guard: Guard) -> None:
        """Start the engine and connect to it."""
        self._server = SparkConnectServer(port=0)
        self._server.start(background=True)
        _, port = self._server.listening_address
        self.spark: Any = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        self.sites: dict[int, tuple[str, int]] = {}
        self.asked_schema = False
        self._reading: list[tuple[Any, tuple[str, int]]] = []
        self._client: Any = self.spark.client
        self._ask_schema = self._client.schema
        self._paths: frozenset[str] = frozenset()
        self._ready = self.plan_of(self.make_empty_frame("ready BOOLEAN"))
        self._check_engine()
        self._restrict(guard)
        self._note_sites()

    def begin_model(self, paths: frozenset[str]) -> None:
        """Forget the last model; the code of the next one is in these files."""
        self._paths = paths
        self.sites.clear()
        self.asked_schema = False
        self._reading.clear()
        Placeholder.created = 0

    def undeclared_reads(self) -> list[dict[str, Any]]:
        """The undeclared reads of the code, with the fields of `requests.UndeclaredRead`."""
        described = ((_describe_read(step), site) for step, site in self._reading)
        return [{**read, "file": file, "line": line} for read, (file, line) in described if read is not None]

    def make_empty_frame(self, ddl: str) -> DataFrame:
        """A frame without rows."""
        return DataFrame(logical.LocalRelation(None, ddl), self.spark)

    def plan_of(self, frame: DataFrame) -> relations_pb2.Relation:
        """The plan of a frame."""
        return frame._plan.to_proto(self._client).root  # noqa: SLF001 - pyspark has no public way to the plan

    def schema_of(self, relation: relations_pb2.Relation) -> StructType:
        """The columns of a plan.

        Raises:
            PySparkException: The engine does not support it.
        """
        schema: StructType = self._ask_columns(base_pb2.Plan(root=relation))
        return schema

    def _schema_for_model(self, plan: base_pb2.Plan) -> Any:
        self.asked_schema = True
        return self._ask_columns(plan)

    def _ask_columns(self, plan: base_pb2.Plan) -> Any:
        changed = base_pb2.Plan()
        changed.CopyFrom(plan)
        _remove_unsupported(changed)
        try:
            return self._ask_schema(changed)
        except (PySparkException, RpcError):
            self._check_engine()
            raise

    def _check_engine(self) -> None:
        """Ask the engine for something that never fails, to find out whether it still answers.

        Raises:
            EngineLostError: It does not answer.
        """
        try:
            self._ask_schema(base_pb2.Plan(root=self._ready))
        except (PySparkException, RpcError) as error:
            raise EngineLostError from error

    def _restrict(self, guard: Guard) -> None:
        execute = self._client._execute_plan_request_with_metadata  # noqa: SLF001 - every action calls this

        def refuse_action() -> Any:
            guard.refuse("acts on its rows (`collect`, `count`, `show`, a write or the like)")
            return execute()

        def refuse_change(*_: Any, **__: Any) -> None:
            guard.refuse("changes settings of the session")

        def refuse_streaming_question(_: Any) -> None:
            guard.refuse("asks whether its input is a stream")

        get = RuntimeConf.get

        def get_setting(conf: Any, key: str, *default: Any, **named: Any) -> Any:
            asked_by_model = sys._getframe(1).f_code.co_filename in self._paths  # noqa: SLF001 - as in `_note_sites`
            return Placeholder(key) if asked_by_model else get(conf, key, *default, **named)

        self._client.schema = self._schema_for_model
        self._client._execute_plan_request_with_metadata = refuse_action  # noqa: SLF001 - as above
        _patch(RuntimeConf, "get", get_setting)
        for name in ("set", "unset"):
            _patch(RuntimeConf, name, refuse_change)
        _patch(DataFrame, "isStreaming", property(refuse_streaming_question))
        _patch(ConnectSession, "sql", _plan_sql)

    def _note_sites(self) -> None:
        plain = logical.LogicalPlan.__init__

        def note_site(step: Any, *arguments: Any, **named: Any) -> None:
            plain(step, *arguments, **named)
            frame = sys._getframe(1)  # noqa: SLF001 - walking the stack has no public name that is as quick
            while frame is not None:
                if frame.f_code.co_filename in self._paths:
                    site = (frame.f_code.co_filename, frame.f_lineno)
                    self.sites[step._root_plan_id] = site  # noqa: SLF001
                    if isinstance(step, _READING):
                        self._reading.append((step, site))
                    return
                frame = frame.f_back  # type: ignore[assignment]

        _patch(logical.LogicalPlan, "__init__", note_site)


_READING = (logical.DataSource, logical.Read, logical.SQL)
"""The steps that read something else than a frame."""


def _describe_read(step: Any) -> dict[str, Any] | None:
    """What a step reads: for a query its text and frames; None if a model cannot declare it."""
    private = vars(step)
    if isinstance(step, logical.SQL):
        views = [view._alias for view in private["_views"] or ()]  # noqa: SLF001 - as in `plan_of`
        return {"kind": "query", "text": private["_query"], "frames": views, "is_streaming": False}
    is_streaming = bool(private.get("_is_streaming"))
    if isinstance(step, logical.Read):
        return {"kind": "table", "text": step.table_name, "frames": [], "is_streaming": is_streaming}
    if not is_file_format(private.get("_format") or ""):
        return None
    texts = [path for path in private.get("_paths") or () if isinstance(path, str)]
    return {"kind": "files", "text": ", ".join(texts), "frames": [], "is_streaming": is_streaming}


def _patch(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)


def _plan_sql(session: Any, query: str, args: Any = None, **frames: Any) -> DataFrame:
    """``spark.sql`` that runs nothing; a command becomes a plan with unknown columns."""
    from pyspark.sql.connect import functions
    from pyspark.sql.connect.sql_formatter import SQLStringFormatter

    views = []
    if frames:
        formatter = SQLStringFormatter(session)
        query = formatter.format(query, **frames)
        views = [logical.SubqueryAlias(frame._plan, name) for frame, name in formatter._temp_views]  # noqa: SLF001
    named = {name: functions.lit(value) for name, value in args.items()} if isinstance(args, dict) else {}
    listed = [functions.lit(value) for value in args] if isinstance(args, list) else []
    return DataFrame(logical.SQL(query, listed, named, views), session)


def _remove_unsupported(message: Any) -> None:
    """Remove what the engine does not support from a plan."""
    if isinstance(message, relations_pb2.Relation):
        while (step := message.WhichOneof("rel_type")) in {"with_watermark", "collect_metrics"}:
            inner = relations_pb2.Relation()
            inner.CopyFrom(getattr(message, step).input)
            message.CopyFrom(inner)
    elif isinstance(message, expressions_pb2.Expression):
        kind = message.WhichOneof("expr_type")
        if kind == "unresolved_attribute":
            _replace_metadata_column(message)
            return
        if kind == "literal":
            return
    for inner in _inner_messages(message):
        _remove_unsupported(inner)


def _inner_messages(message: Any) -> Iterator[Any]:
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE or field.name in {"common", "type", "schema"}:
            continue
        if field.message_type.GetOptions().map_entry:
            yield from (member for member in value.values() if hasattr(member, "ListFields"))
        elif hasattr(value, "ListFields"):
            yield value
        else:
            yield from value


def _replace_metadata_column(expression: expressions_pb2.Expression) -> None:
    name, *fields = expression.unresolved_attribute.unparsed_identifier.split(".")
    if name.strip("`") != "_metadata":
        return
    whole = f"STRUCT<{', '.join(f'{name}: {kind}' for name, kind in FILE_METADATA.items())}>"
    kind = FILE_METADATA.get(fields[0].strip("`"), "STRING") if fields else whole
    null_column = expressions_pb2.Expression()
    cast = null_column.alias.expr.cast
    cast.expr.literal.null.null.SetInParent()
    cast.type_str = kind
    null_column.alias.name.append(fields[0].strip("`") if fields else "_metadata")
    expression.CopyFrom(null_column)
