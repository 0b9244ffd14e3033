"""Mistakes in Python models are told from what only tracing cannot do: what is said to fail fails on Spark too."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - Spark's own idiom
from traced_shop import IMPORTS, PATH, function

from cbx.analysis.tracing.client import Tracer
from cbx.analysis.tracing.requests import UndeclaredRead, Unknown
from cbx.analysis.tracing.undeclared_reads import find_undeclared_reads, tables_read
from cbx.syntax.declarations import Snippet

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")

MODULES = f"{IMPORTS}from pyspark.sql import SparkSession\nfrom decimal import Decimal\n"

MISTAKES = {
    "return orders.select(F.uper('status'))": "did you mean `upper`?",
    "return orders.orderBy(F.desk('order_id'))": "did you mean `desc`?",
    "return orders.withColum('a', F.lit(1))": "did you mean `withColumn`?",
    "return orders.filterr('order_id > 1').select('order_id')": "did you mean `filter`?",
    "return orders.groupBy('status').aggg(F.sum('total'))": "did you mean `agg`?",
    "return orders.where(F.col('total').isNul())": "did you mean `isNull`?",
    "return orders.select(F.row_number().over(Window.partitonBy('status')))": "did you mean `partitionBy`?",
    "return spark.rang(10)": "did you mean `range`?",
    "return orders.select(F.upper())": None,
    "return orders.select(F.upper('status', trim=True))": None,
    "return orders.join(orders, on='order_id', kind='left')": None,
    "return orders.withColumn('one', 1)": None,
    "return orders.dropDuplicates('order_id')": None,
    "return orders.where(F.col('total') > 1 and F.col('order_id') > 2)": None,
    "return orders.where(not F.col('total').isNull())": None,
    "names = {'a': 'status'}\n    return orders.select(names['b'])": None,
    "names = ['status']\n    return orders.select(names[1])": None,
    "first, second = ('status',)\n    return orders.select(first)": None,
    "share = 1 / 0\n    return orders.withColumn('share', F.lit(share))": None,
    "return orders.select('order' + 1)": None,
    "return orders.select('status'.uper())": "did you mean `upper`?",
    "return orders.select(int('one'))": None,
    "if False:\n        name = 'status'\n    return orders.select(name)": None,
    "orders.where('total > 1')": "return the DataFrame; a function without `return` returns None",
    "return orders.groupBy('status')": "return the DataFrame; a function without `return` returns None",
    "return [orders]": "return the DataFrame; a function without `return` returns None",
    "from pyspark.sql.functions import uper\n    return orders.select(uper('status'))": "did you mean `upper`?",
    "def half(name):\n        return F.col(name) / 2\n    return orders.select(half())": None,
    "return orders.select(F.transform('status', lambda: F.lit(1)))": None,
}
"""Bodies that no run gets through, and the way out where there is one that can be told."""

UNCERTAIN = {
    "the environment": "import os\n    return orders.select(os.environ['COLUMN'])",
    "a branch by the environment": "import os\n    return orders if os.getenv('A') else orders.selct('status')",
    "a setting": "return orders.select({'full': 'total'}[str(var('mode'))])",
    "a setting in a text": "return orders if f'{var(chr(97))}' == 'x' else orders.select(F.uper('status'))",
    "a configuration": "return orders.select(['total'][len(str(spark.conf.get('a.b')))])",
    "a file": "return orders.select(open('/Volumes/shop/columns.txt').read())",
    "a module that is absent": "import absent_here\n    return orders.select(absent_here.name)",
    "a name that another version of a library has": "import numpy\n    return orders.select(numpy.absent('a'))",
    "a name that Python's next version may have": "import itertools\n    return orders.select(*itertools.next([1]))",
    "the clock": "from datetime import date\n    return orders.select({'x': 'total'}[str(date.today())])",
    "chance": "import random\n    return orders.select(['total'][random.randint(1, 2)])",
    "the types of columns": "return orders.select(dict(orders.dtypes)['absent'])",
    "the number of columns": "return orders.select(orders.columns[99])",
    "an exception of its own": "raise ValueError('not in this environment')",
    "an assertion": "assert SparkSession.getActiveSession() is None\n    return orders",
    "an action": "return orders.limit(orders.count() / 0)",
    "an action whose refusal is caught": (
        "try:\n        n = orders.count()\n    except BaseException:\n        n = None\n    return orders.limit(n + 1)"
    ),
    "what the engine cannot resolve": "return orders.select('absent').select(orders.columns[0])",
    "what only classic Spark has": "return orders.rdd.toDF()",
    "what only the driver has": "return orders.limit(spark.sparkContext.defaultParallelism)",
    "a method of Databricks": "orders.display()\n    return orders",
    "a function of Databricks": "return orders.select(F.ai_query('model', 'status'))",
    "another function of Databricks": "return orders.select(F.h3_longlatash3('total', 'total', 1))",
    "a name of notebooks": "return orders.select(dbutils.widgets.get('column'))",
    "a module of Databricks": "from pyspark.dbutils import DBUtils\n    return orders.select(DBUtils(spark).x)",
    "a streaming question": "return orders.limit(1 if orders.isStreaming else 'x' + 1)",
}
"""Bodies that a run may get through, each with what decides."""


def model(body: str) -> str:
    return f"def model(orders):\n    {body}"


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    with Tracer() as started:
        yield started


@pytest.mark.parametrize("body", MISTAKES)
def test_a_mistake_is_one_at_its_line(body: str, tracer: Tracer) -> None:
    """The exception, its line in the model, and the name that was meant."""
    outcome = tracer.trace(function(model(body), imports=MODULES))
    assert isinstance(outcome, Unknown)
    assert outcome.mistake is not None, outcome.reason
    wanted = MISTAKES[body]

    assert outcome.mistake.file in (PATH, "")
    assert 10 <= outcome.mistake.line <= 13 or outcome.mistake.word
    assert wanted is None or outcome.mistake.hint == wanted


@pytest.mark.parametrize("case", UNCERTAIN)
def test_what_may_be_otherwise_in_a_run_is_no_mistake(case: str, tracer: Tracer) -> None:
    """Such a model is unknown, as one that acts on its rows is."""
    outcome = tracer.trace(function(model(UNCERTAIN[case]), imports=MODULES))

    assert getattr(outcome, "mistake", None) is None


def test_every_mistake_fails_on_spark_too(spark: SparkSession) -> None:
    """Whatever is said to fail in every run fails with the other implementation of Spark."""
    orders = spark.createDataFrame([], "order_id BIGINT, customer_id BIGINT, status STRING, total DECIMAL(18, 2)")
    assert runs("return orders.select('status')", orders)

    assert [body for body in MISTAKES if runs(body, orders)] == []


def runs(body: str, orders: DataFrame) -> bool:
    """Whether Spark runs a model with this body."""
    names: dict[str, Any] = {
        "F": F, "Window": Window, "spark": orders.sparkSession, "SparkSession": SparkSession, "Decimal": Decimal,
    }  # fmt: skip
    exec(model(body), names)
    try:
        names["model"](orders).collect()
    except Exception:  # noqa: BLE001 - Spark's errors and those of Python have no error in common
        return False
    return True


def test_a_mistake_in_a_macro_has_the_macros_line(tracer: Tracer) -> None:
    """The line that fails is the one to correct, whoever calls it."""
    macro = Snippet("macros/money.py", 7, "def half(name):\n    return F.rond(F.col(name) / 2)")
    traced_function = function(model("return orders.select(half('total'))"))
    outcome = tracer.trace(
        type(traced_function)(
            traced_function.model,
            traced_function.name,
            traced_function.imports,
            (macro,),
            traced_function.source,
            traced_function.inputs,
        )
    )
    assert isinstance(outcome, Unknown)
    assert outcome.mistake is not None

    assert (outcome.mistake.file, outcome.mistake.line) == ("macros/money.py", 8)
    assert outcome.mistake.hint == "did you mean `round`?"


READS = {
    "return spark.table('a.b')": [("table", "a.b", False)],
    "return spark.read.table('a.b')": [("table", "a.b", False)],
    "return spark.readStream.option('x', 1).table('a.b')": [("table", "a.b", True)],
    "return SparkSession.getActiveSession().table('a.b')": [("table", "a.b", False)],
    "return SparkSession.builder.getOrCreate().table('a.b')": [("table", "a.b", False)],
    "return orders.sparkSession.table('a.b')": [("table", "a.b", False)],
    "s = spark\n    r = s.read\n    return r.parquet('/x')": [("files", "/x", False)],
    "return spark.readStream.format('cloudFiles').load('/x')": [("files", "/x", True)],
    "return spark.read.format('delta').load('/x')": [("files", "/x", False)],
    "return spark.sql('SELECT * FROM a.b')": [("table", "a.b", False)],
    "return spark.sql('SELECT * FROM {o} JOIN a.b USING (id)', o=orders)": [("table", "a.b", False)],
    "return spark.sql('WITH c AS (SELECT 1 AS x) SELECT * FROM c')": [],
    "return spark.sql('SELECT * FROM {o}', o=orders)": [],
    "return spark.sql('SELECT * FROM range(3)')": [],
    "return spark.range(3)": [],
    "return spark.createDataFrame([(1,)], 'id INT')": [],
    "return spark.readStream.format('rate').load()": [],
    "return spark.read.format('kafka').option('subscribe', 'x').load()": [],
    "spark.table('a.b').columns\n    return orders": [("table", "a.b", False)],
    "spark.table('a.b').count()\n    return orders": [("table", "a.b", False)],
    "for name in ('a.b', 'c.d'):\n        orders = orders.union(getattr(spark, 'table')(name))\n    return orders": [
        ("table", "a.b", False),
        ("table", "c.d", False),
    ],
}
"""Bodies, and what they read by themselves."""


def tables(reads: tuple[UndeclaredRead, ...]) -> list[tuple[str, str, bool]]:
    kinds = {"query": "table"}
    return [(kinds.get(read.kind, read.kind), name, read.is_streaming) for read in reads for name in tables_read(read)]


@pytest.mark.parametrize("body", [text for text in READS if "builder" not in text])
def test_what_is_read_is_seen_when_it_is_traced(body: str, tracer: Tracer) -> None:
    """By whatever name the session goes, and whatever becomes of the rows."""
    outcome = tracer.trace(function(model(body), imports=MODULES))

    assert tables(getattr(outcome, "reads", ())) == READS[body]


@pytest.mark.parametrize("body", [text for text in READS if "getattr" not in text])
def test_what_is_read_is_seen_in_the_text(body: str) -> None:
    """The same without running it, save what only running can tell."""
    snippet = Snippet(PATH, 10, model(body))

    assert tables(find_undeclared_reads((snippet,), {})) == READS[body]
