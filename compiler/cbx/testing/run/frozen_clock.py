"""A frozen clock: ``current_timestamp()`` and the like return a fixed time while a model's code runs.

The functions are replaced by literals, in Python and in SQL texts, before the engine sees them. So both engines get the
same query.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from typing import Any

from cbx.runtime.spark.replace_attributes import replace_attributes
from cbx.testing.errors import ModelTestError

_CALLS = re.compile(
    r"(?P<quoted>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|(?:['\"`]|/\*).*)"
    r"|(?P<as>\bAS\s+)?(?<![\w.`])"
    r"(?P<name>current_timestamp|current_date|localtimestamp|now|curdate|getdate|unix_timestamp)"
    r"(?:\s*\(\s*(?P<empty>\))|(?![\w(`]))",
    re.IGNORECASE | re.DOTALL,
)
_WITHOUT_BRACKETS = frozenset({"current_timestamp", "current_date", "localtimestamp"})


def parse_time(now: datetime | date | str) -> datetime:
    """The value of ``now=`` as a datetime in UTC.

    Raises:
        ModelTestError: If it is not a time.
    """
    try:
        value = datetime.fromisoformat(now.replace("Z", "+00:00")) if isinstance(now, str) else now
    except ValueError:
        raise ModelTestError(f"now={now!r} is not a time", 'write it as "2026-01-31 12:00:00", in UTC') from None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


def freeze_text(sql: str, now: datetime) -> str:
    """Replace the functions of the clock in a SQL text by literals.

    Example:
        ``to_date(current_timestamp())`` becomes ``to_date(TIMESTAMP'2026-01-31 12:00:00.000000+00:00')``.
    """

    def literal(match: re.Match[str]) -> str:
        name = (match["name"] or "").lower()
        is_name = match["empty"] is None and (name not in _WITHOUT_BRACKETS or match["as"] is not None)
        is_kept = match["quoted"] is not None or is_name
        return match[0] if is_kept else (match["as"] or "") + _literals(now)[name]

    return _CALLS.sub(literal, sql)


def _literals(now: datetime) -> dict[str, str]:
    stamp = f"TIMESTAMP'{now:%Y-%m-%d %H:%M:%S.%f}+00:00'"
    today = f"DATE'{now:%Y-%m-%d}'"
    return {
        **dict.fromkeys(("current_timestamp", "now", "getdate"), stamp),
        **dict.fromkeys(("current_date", "curdate"), today),
        "localtimestamp": f"TIMESTAMP_NTZ'{now:%Y-%m-%d %H:%M:%S.%f}'",
        "unix_timestamp": f"{int(now.timestamp())}L",
    }


@contextlib.contextmanager
def freeze_clock(spark: Any, now: datetime) -> Iterator[None]:
    """Let ``now`` be the time for the code that runs while the context lasts."""
    from pyspark.sql import functions

    frame_class = type(spark.range(0))
    plain_expr = functions.expr

    def expr(text: str) -> Any:
        return plain_expr(freeze_text(text, now))

    def freeze_function(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **named: plain(*arguments, **named) if arguments or named else expr(f"{name}()")

    names = [name for name in _literals(now) if hasattr(functions, name)]
    clocks = {name: freeze_function(name, getattr(functions, name)) for name in names}
    with contextlib.ExitStack() as stack:
        for module in (functions, functions.builtin):
            stack.enter_context(replace_attributes(module, {**clocks, "expr": expr}))
        methods = {
            name: _freeze_arguments(getattr(frame_class, name), now) for name in ("filter", "where", "selectExpr")
        }
        stack.enter_context(replace_attributes(frame_class, methods))
        stack.enter_context(replace_attributes(type(spark), {"sql": _freeze_arguments(type(spark).sql, now)}))
        yield


def _freeze_arguments(plain: Callable[..., Any], now: datetime) -> Callable[..., Any]:
    def call(target: Any, *arguments: Any, **named: Any) -> Any:
        texts = [freeze_text(argument, now) if isinstance(argument, str) else argument for argument in arguments]
        return plain(target, *texts, **named)

    return call
