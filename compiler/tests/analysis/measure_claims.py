"""What the analysis says of the aggregates of a query, held against how often they count a row."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from random_data import Data
from random_measures import Generator, MeasureQuery, Model
from random_schemas import random_schema

from cbx.analysis.measures import JudgedMeasure

QUERIES_PER_SCHEMA = 12
DRAWS = 6
"""On how many contents an aggregate that is called exact must count each row once."""
MOST_DRAWS = 150
"""On how many contents, at most, one that is called repeated may wait for a row that it counts several times."""


@dataclass
class MeasureClaims:
    """The verdicts on the aggregates of a query, and which of them were seen to count a row several times."""

    query: MeasureQuery
    judged: tuple[JudgedMeasure, ...]
    models: tuple[Model, ...] = ()
    repeated: set[int] = field(default_factory=set)
    counted: set[int] = field(default_factory=set)

    @property
    def reads_model(self) -> bool:
        """Whether the query reads the table of a model, which the engine does not have."""
        return any(f" {model.table.name} AS " in self.query.text for model in self.models)

    def waits(self, draw: int, draws: int = DRAWS) -> bool:
        """Whether another content can say more: a row that is counted several times was not seen yet."""
        return draw < draws or any(
            measure.verdict == "repeated" and number not in self.repeated for number, measure in enumerate(self.judged)
        )

    def take(self, rows: Sequence[tuple[int, ...]]) -> None:
        """Note what one content shows: for each aggregate of each group the rows counted, and the different ones."""
        numbers = range(len(self.judged))
        self.counted |= {number for number in numbers if any(row[2 * number] for row in rows)}
        self.repeated |= {number for number in numbers if counts_several_times(rows, number)}

    def counts(self) -> Counter[str]:
        """How many verdicts there are of each kind; ``unseen`` are repetitions of which no content showed one."""
        verdicts = Counter(measure.verdict for measure in self.judged)
        unseen = sum(measure.verdict == "repeated" for measure in self.judged) - len(
            [number for number in self.repeated if self.judged[number].verdict == "repeated"]
        )
        return Counter({**verdicts, "unseen": unseen})

    def wrong(self) -> str | None:
        """A verdict that the contents disprove: an exact one, or a declared repetition that none of them shows.

        An aggregate that counted no row in any content, because the conditions of a query contradict each other, shows
        nothing. The text has all that the verdict follows from, except the schema.
        """
        told = "\n".join([self.query.text, self.query.counts, *map(str, self.models)])
        for number, measure in enumerate(self.judged):
            is_declared = measure.repetition is not None and measure.repetition.is_declared
            is_unshown = number in self.counted - self.repeated
            if measure.verdict == "exact" and number in self.repeated:
                return f"exact, but repeated: {number} of {told}"
            if measure.verdict == "repeated" and is_declared and is_unshown:
                return f"never repeated: {number} of {told}"
        return None


def counts_several_times(rows: Sequence[tuple[int, ...]], number: int) -> bool:
    """Whether an aggregate counts more rows than there are different ones, in a group of a result of ``counts``."""
    return any(row[2 * number] > row[2 * number + 1] for row in rows)


def random_cases(seed: str, number: int) -> Iterator[tuple[Data, MeasureClaims | None]]:
    """Queries over one random schema, each with the same data; None where two aggregates of a query are the same."""
    chance = random.Random(f"{seed} {number}")
    schema = random_schema(chance)
    data, generator = Data(schema, chance, numbers_rows=True), Generator(schema, chance)
    for _ in range(QUERIES_PER_SCHEMA):
        yield data, random_claims(generator)
    data.engine.close()


def random_claims(generator: Generator) -> MeasureClaims | None:
    """The verdicts on a random query; None where two of its aggregates are the same."""
    if generator.chance.random() < 0.25:
        generator.add_model()
    query = generator.query()
    judged = {measure.measure.column: measure for measure in generator.judge(query)}
    if len(judged) != len(query.rids):
        return None
    return MeasureClaims(query, tuple(judged[column] for column in sorted(judged)), tuple(generator.models))
