"""What the code of a model may do while it is traced, and what is kept of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from traced_shop import IMPORTS, PATH, function

from cbx.analysis.tracing.client import Tracer, trace
from cbx.analysis.tracing.process import keep_worker
from cbx.analysis.tracing.requests import Function, Limits, MissingExtra, Outcome, Traced, Unknown
from cbx.syntax.declarations import Snippet

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    with Tracer(limits=Limits(seconds=1, memory=1 << 29)) as started:
        yield started


def model(*lines: str) -> Function:
    body = "\n".join(f"    {line}" for line in lines)
    return function(f"def model(orders):\n{body}")


def summary(outcome: Outcome) -> str:
    if not isinstance(outcome, Traced):
        return outcome.reason
    return ", ".join(column.name for column in outcome.columns or ())


MISBEHAVING = {
    "ends the process": (["import os", "os._exit(3)"], "it ends the process that traces it (exit status 3)"),
    "exits": (["import sys", "sys.exit()"], "it exits the process"),
    "loops": (["while True:", "    pass"], "it runs for more than 1 seconds"),
    "swallows everything": (
        ["while True:", "    try:", "        orders.count()", "    except BaseException:", "        pass"],
        "it runs for more than 1 seconds",
    ),
    "raises": (["raise ValueError('no\\nluck')"], "it raises ValueError: no luck"),
    "recurses": (["def f():", "    return f()", "f()"], "it raises RecursionError: maximum recursion depth exceeded"),
    "imports what is absent": (["import absent"], "an import fails: No module named 'absent'"),
    "allocates": (
        ["kept = []", "while True:", "    kept.append(bytearray(1 << 30))"],
        "it needs more memory than tracing gives it",
    ),
    "forks": (["import os", "os.fork()", "return orders"], "it starts a process"),
    "hides what it did": (
        [
            "import subprocess",
            "try:",
            "    subprocess.run(['true'])",
            "except BaseException:",
            "    pass",
            "return orders",
        ],
        "it starts a process",
    ),
    "crashes": (["import ctypes", "ctypes.string_at(0)"], "the process that traces it was ended by SIGSEGV"),
    "reads standard input": (["input()"], "it raises EOFError: EOF when reading a line"),
    "writes a file": (["open('made', 'w')"], "it writes a file"),
    "opens a connection": (["import socket", "socket.create_connection(('127.0.0.1', 9))"], "it opens a connection"),
    "acts": (["orders.count()"], "it acts on its rows (`collect`, `count`, `show`, a write or the like)"),
    "changes the session": (["spark.conf.set('a', 'b')"], "it changes settings of the session"),
    "asks for streams": (["orders.isStreaming"], "it asks whether its input is a stream"),
    "returns no frame": (["return 1"], "it returns an int, not a DataFrame"),
    "decides by a setting": (
        ["return orders if var('mode') == 'full' else orders.limit(1)"],
        "what it does depends on the value of the setting `mode`",
    ),
    "leaves a thread running": (
        ["import threading, time", "threading.Thread(target=time.sleep, args=(9,)).start()", "return orders"],
        "it leaves a thread running",
    ),
    "builds without end": (
        ["for number in range(200):", "    orders = orders.withColumn('total', F.lit(number))", "return orders"],
        "its plan is nested too deeply",
    ),
    "prints": (["import os", "print('{}')", "os.write(1, b'{}')", "return orders.select('order_id')"], "order_id"),
    "asks for columns": (["return orders.select(orders.columns[:2])"], "order_id, customer_id"),
    "puts a setting into a text": (["return orders.select(F.lit(f'{var(chr(97))}/x').alias('path'))"], "path"),
    "reads configuration": (["return orders.select(F.lit(spark.conf.get('a.b')).alias('b'))"], "b"),
}


ENDING = {"swallows everything", "crashes", "leaves a thread running"}
"""Each ends the process, and the next takes a second to start. `make quick` has "ends the process" and "loops"."""


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow) if case in ENDING else case for case in MISBEHAVING], ids=str
)
def test_code(case: str, tracer: Tracer) -> None:
    """Whatever a model's code does, it ends as what it is, and the next model is traced."""
    lines, expected = MISBEHAVING[case]

    assert summary(tracer.trace(model(*lines))) == expected


@pytest.mark.slow
def test_code_that_waits() -> None:
    """It ends after ten times the processor time that it may take, although it takes none."""
    with Tracer(limits=Limits(seconds=0.2)) as tracer:
        waiting = tracer.trace(model("import time", "time.sleep(60)"))
        next_model = tracer.trace(model("return orders"))

    assert summary(waiting) == "it runs for more than 0.2 seconds"
    assert summary(next_model).startswith("order_id, ")


def test_only_the_function_and_what_it_needs_runs(tracer: Tracer) -> None:
    """Definitions run before the function and know the imports; an error in one names no other place."""
    macro = Snippet("macros/money.py", 7, "def half(name):\n    return F.col(name) / 2")
    traced_function = replace(model("return orders.select(half('total').alias('half'))"), definitions=(macro,))

    assert summary(tracer.trace(traced_function)) == "half"


def test_postponed_annotations(tracer: Tracer) -> None:
    """Annotations are not looked up where the file postpones them, as in the notebook."""
    imports = f"from __future__ import annotations\n{IMPORTS}"
    traced_function = function("def model(orders) -> Absent:\n    return orders.select('total')", imports=imports)

    assert summary(tracer.trace(traced_function)) == "total"


def test_reading_elsewhere(tracer: Tracer) -> None:
    """What a table is that the model reads by itself is not known, be it there on this machine or not."""
    outcome = tracer.trace(model("return spark.read.parquet('/')"))
    assert isinstance(outcome, Traced)

    assert (outcome.columns, outcome.trouble) == (None, "it reads what is not among its inputs")


def test_places(tracer: Tracer) -> None:
    """A step of the plan knows the line of the model's file where it was made."""
    outcome = tracer.trace(model("kept = orders.where('total > 1')", "return kept.join(orders, 'order_id')"))
    assert isinstance(outcome, Traced)
    sites = [outcome.plan["site"], outcome.plan["left"]["site"]]

    assert sites == [[PATH, 12], [PATH, 11]]


def test_same_code_gives_the_same_plan(tracer: Tracer) -> None:
    """What is traced does not depend on what was traced before."""
    code = model("return orders.join(orders.withColumn('x', F.lit(1)), 'order_id')")
    first = tracer.trace(code)
    second = tracer.trace(replace(code, model="gold.other"))

    assert first == second


@pytest.mark.slow
def test_a_kept_worker_serves_the_next_tracer() -> None:
    """Unless a model ended it, or its limits are others."""
    its_number = model("import os", "return orders.select(F.lit(os.getpid()).alias('number'))")
    with keep_worker():
        first, second = trace([its_number]), trace([its_number])
        limited = trace([its_number], limits=Limits(seconds=1))
        trace([model("import os", "os._exit(3)")])
        after_its_end = trace([its_number])

    assert first == second
    assert first not in (limited, after_its_end)


def test_unknown_inputs() -> None:
    """A model that reads a table whose columns nobody knows is not run at all."""
    traced_function = model("import os", "os._exit(1)")
    unknown = replace(traced_function, inputs=(replace(traced_function.inputs[0], columns=None),))
    found = trace([unknown])

    assert found == {"gold.model": Unknown("the columns of `silver.orders` are not known", is_for_inputs=True)}


def test_models_feed_the_next() -> None:
    """The columns that one model was found to have are those of the input of the next."""
    first = replace(model("return orders.select('order_id', F.lit(1.5).alias('weight'))"), model="silver.orders")
    second = model("return orders.withColumn('double', F.col('weight') * 2)")
    second = replace(second, inputs=(replace(second.inputs[0], columns=None),))
    found = trace([first, second])

    assert summary(found["gold.model"]) == "order_id, weight, double"


def test_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was traced once is known without a process, until its code changes or what was kept makes no sense."""
    file = tmp_path / "cache" / "trace.json"
    traced_function = model("return orders.select('total')")
    first = trace([traced_function], file)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    second = trace([traced_function], file)

    assert second == first

    changed = trace([model("return orders.select('total', 'status')")], file)["gold.model"]

    assert summary(changed).startswith("the process that traces models does not start")

    data = json.loads(file.read_text())
    data["entries"] = dict.fromkeys(data["entries"], 1)
    file.write_text(json.dumps(data))
    damaged = trace([traced_function], file)["gold.model"]

    assert summary(damaged).startswith("the process that traces models does not start")


@pytest.mark.slow
def test_what_may_pass_is_not_kept(tmp_path: Path) -> None:
    """A module may be installed later, and a machine be less busy: only what the code itself does is kept."""
    file = tmp_path / "trace.json"
    found = [
        summary(trace([model(*lines)], file, Limits(seconds=1))["gold.model"])
        for lines in (["import absent"], ["while True: pass"], ["raise ValueError"])
    ]

    assert found == [
        "an import fails: No module named 'absent'",
        "it runs for more than 1 seconds",
        "it raises ValueError",
    ]
    assert [entry["unknown"] for entry in json.loads(file.read_text())["entries"].values()] == found[2:]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format":1,"entries":[]}', '{"format":1,"entries":{"x":1}}'])
def test_damaged_cache(text: str, tmp_path: Path) -> None:
    """A damaged cache is no cache."""
    file = tmp_path / "trace.json"
    file.write_text(text)
    traced_function = model("return orders")
    traced_function = replace(traced_function, inputs=(replace(traced_function.inputs[0], columns=None),))
    found = trace([traced_function], file)

    assert summary(found["gold.model"]) == "the columns of `silver.orders` are not known"


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the engine nothing is traced, and the outcome says what to install."""
    monkeypatch.setitem(sys.modules, "pysail", None)
    found = trace([model("return orders")])

    assert found == {"gold.model": MissingExtra("pip install 'circuit-box[trace]'")}


def test_the_compilers_process_never_imports_spark() -> None:
    """The client and the reader of plans load neither pyspark nor pysail."""
    code = (
        "import sys, cbx.analysis.tracing.client, cbx.analysis.tracing.from_plan;"
        "print(sorted({'pyspark', 'pysail', 'grpc'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
