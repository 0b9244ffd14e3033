"""Whether a relation reads a stream is seen in the whole of it."""

from __future__ import annotations

from cbx.analysis.facts import Table
from cbx.analysis.relation.relation_walks import reads_stream
from cbx.analysis.relation.relations import Distinct, Opaque, Scan

FEED = Scan(Table("feed", is_streaming=True), (), is_open=True)
TABLE = Scan(Table("table"), (), is_open=True)


def test_a_stream_is_seen_through_every_step() -> None:
    """No step above it, understood or not, makes a stream a table."""
    assert reads_stream(Distinct(Opaque((TABLE, FEED), ()), ()))


def test_a_stream_that_an_opaque_step_hides_is_told() -> None:
    """What could not be read says itself that it reads a stream."""
    assert reads_stream(Opaque((), (), hides_stream=True))


def test_a_table_is_no_stream() -> None:
    """Without a stream below, rows are of one moment."""
    assert not reads_stream(Distinct(Opaque((TABLE,), ()), ()))
