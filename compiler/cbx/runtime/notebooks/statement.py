"""One SQL statement of a pipeline, and the query that it ends with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pyspark.errors import PySparkException

from cbx.diagnostics.codes import INVALID_STATEMENT
from cbx.runtime.api.argument_values import dataset_name
from cbx.runtime.errors import RunError
from cbx.runtime.spark.read_file_functions import unknown_argument
from cbx.runtime.sql.current_schema import qualify_name, qualify_reads
from cbx.runtime.sql.table_functions import READ_FILES, table_functions
from cbx.runtime.sql.tokens import choice_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

    from cbx.diagnostics.source_files import Span
    from cbx.runtime.definitions import Query, Registry
    from cbx.runtime.names import DatasetName
    from cbx.runtime.sql.tokens import Words

QUERY_WORDS: Final = ("SELECT", "WITH", "FROM", "VALUES", "TABLE", "MAP", "REDUCE")
"""The first words of queries."""

_CREATED: Final = ("OR", "STREAMING", "MATERIALIZED", "TEMPORARY", "PRIVATE", "LIVE", "FLOW")
"""The words after CREATE in statements of pipelines."""


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """One statement while it is read.

    Attributes:
        words: Its words.
        span: The span of its first word.
        spark: Runs the queries.
        registry: Collects the definitions.
        schema: The schema of names without one; None for that of the pipeline.
    """

    words: Words
    span: Span | None
    spark: SparkSession
    registry: Registry
    schema: str | None = None

    def name(self, what: str = "the name of the table") -> DatasetName:
        """Read the name of a table, or ``IDENTIFIER`` with an expression that gives it.

        Raises:
            RunError: If none comes next.
        """
        return qualify_name(self.view_name(what), self.schema)

    def view_name(self, what: str = "the name of the view") -> DatasetName:
        """Read the name of a view, which has no schema, as `name` does.

        Raises:
            RunError: If none comes next.
        """
        if not self.words.sees("IDENTIFIER", "("):
            return dataset_name(self.words.name(what), self.span)
        span = self.words.span
        self.words.takes("IDENTIFIER")
        expression = self.words.group("the expression in brackets").source_text()
        try:
            row = self.spark.sql(f"SELECT {expression}").head()
        except PySparkException as error:
            reason = f"the expression of IDENTIFIER is not a constant text: {expression}"
            raise RunError(INVALID_STATEMENT, reason, span=span) from error
        return dataset_name(str(row and row[0]), span)

    def query(self, others: Sequence[str] = (), names: Sequence[str] = ()) -> Query:
        """The query that the statement ends with.

        Args:
            others: The clauses that could stand before the query.
            names: The names of its columns; none to keep them.

        Raises:
            RunError: If no query follows.
        """
        if not self.words.sees("(") and not any(self.words.sees(word) for word in QUERY_WORDS):
            choices = (*(other.split()[0] for other in others), *QUERY_WORDS)
            raise self.words.error(choice_of((*others, "a query")), choices)
        self._check_end()
        start = self.words.words[self.words.next].start
        text = self.words.rest()
        self._check_files(text, start)
        return self.query_of(text, names)

    def _check_end(self) -> None:
        """Refuse a statement inside the query, which a missing semicolon makes.

        Raises:
            RunError: If there is one.
        """
        query = replace(self.words)
        while query.until("CREATE").words or not query.is_at_end:
            if query.is_at_end:
                return
            span = query.span
            query.takes("CREATE")
            if any(query.sees(word) for word in _CREATED):
                reason = "a semicolon is missing before CREATE"
                raise RunError(INVALID_STATEMENT, reason, span=span, hint="end the statement before with a semicolon")

    def _check_files(self, text: str, start: int) -> None:
        """Refuse unknown options of the calls of ``read_files`` in a part of the statement.

        Raises:
            RunError: If there is one.
        """
        for call in table_functions(text):
            for argument in call.arguments if call.name == READ_FILES else ():
                error = unknown_argument(argument)
                if error is not None:
                    first = start + argument.start
                    span = self.words.sql.span(first, first + len(argument.name or ""))
                    raise RunError(INVALID_STATEMENT, error.diagnostic.message, span=span, hint=error.diagnostic.hint)

    def query_of(self, text: str, names: Sequence[str] = ()) -> Query:
        """The query of a text."""

        def query() -> DataFrame:
            rows = self.spark.sql(text if self.schema is None else qualify_reads(text, self.schema, self._is_view))
            return rows.toDF(*names) if names else rows

        return query

    def _is_view(self, name: DatasetName) -> bool:
        dataset = self.registry.datasets.get(name.key)
        return dataset is not None and dataset.kind == "view"
