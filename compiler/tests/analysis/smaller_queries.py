"""Makes a failing query smaller, a part at a time, as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from cbx.parse.databricks_sql.dialect import only, read_statements, write_sql

_OPTIONAL = ("where", "having", "qualify", "order", "limit", "offset", "distinct", "group", "with_", "sample")
_LISTS = ("expressions", "joins", "laterals", "pivots")
_MOST_TRIES = 150


def smallest_failing(text: str, fails: Callable[[str], bool]) -> str:
    """The smallest query that still fails and can be had by taking parts away."""
    tries = 0
    shrunk = True
    while shrunk and tries < _MOST_TRIES:
        shrunk = False
        for smaller in _remove_part(text):
            tries += 1
            if tries > _MOST_TRIES:
                break
            if len(smaller) < len(text) and fails(smaller):
                text, shrunk = smaller, True
                break
    return text


def _remove_part(text: str) -> Iterator[str]:
    """The query without one of its parts, large parts first."""
    try:
        tree = only(read_statements(text))
    except Exception:  # noqa: BLE001 - what cannot be read stays as it is
        return
    yield from (write_sql(node) for node in tree.find_all(exp.Query) if node is not tree)
    for number, node in enumerate(tree.walk()):
        for name in _OPTIONAL:
            if node.args.get(name):
                yield _with_change(tree, number, lambda twin, name=name: twin.set(name, None))
        for name in _LISTS:
            listed = node.args.get(name)
            if isinstance(listed, list) and len(listed) > (name == "expressions"):
                for at in range(len(listed)):
                    yield _with_change(
                        tree,
                        number,
                        lambda twin, name=name, at=at: twin.set(name, twin.args[name][:at] + twin.args[name][at + 1 :]),
                    )
        if isinstance(node, exp.And):
            yield _with_change(tree, number, lambda twin: twin.replace(twin.this))
            yield _with_change(tree, number, lambda twin: twin.replace(twin.expression))


def _with_change(tree: exp.Expr, number: int, change: Callable[[exp.Expr], object]) -> str:
    twin = tree.copy()
    for at, node in enumerate(twin.walk()):
        if at == number:
            change(node)
            break
    return write_sql(twin)
