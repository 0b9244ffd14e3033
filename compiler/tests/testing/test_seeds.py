"""Seeds in tests of models: their own rows, unless a test gives others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cbx.testing import ModelTestError, assert_rows
from cbx.testing.fixtures import Models

FILES = {
    "seeds/bronze/currencies.toml": 'key = "code"\ncolumns = { code = "STRING", digits = "INT" }\n',
    "seeds/bronze/currencies.csv": "code,digits\nEUR,2\nJPY,0\n",
    "models/silver/prices.sql": """{{ materialized_view(key="id") }}
SELECT p.id, p.price * (c.digits + 1) AS price
FROM {{ source("raw.prices") }} AS p JOIN {{ ref("bronze.currencies") }} AS c ON c.code = p.code
""",
    "models/gold/sums.sql": """{{ materialized_view() }}
SELECT sum(price) AS total FROM {{ ref("silver.prices") }} CROSS JOIN {{ ref("bronze.currencies") }}
""",
}
PRICES = "id BIGINT | price DECIMAL(9, 2) | code\n1 | 1.25 | EUR\n2 | 10.75 | JPY\n3 | 1.00 | XXX"


@pytest.fixture
def shop(models: Callable[[dict[str, str]], Models]) -> Models:
    """A model that reads a seed."""
    return models(FILES)


@pytest.mark.spark
def test_a_seed_that_is_not_given_has_its_own_rows(shop: Models) -> None:
    result = shop.run_model("silver.prices", {"raw.prices": PRICES})

    assert_rows(result, [{"id": 1, "price": "3.75"}, {"id": 2, "price": "10.75"}])


@pytest.mark.spark
def test_given_rows_replace_those_of_a_seed(shop: Models) -> None:
    given = {"raw.prices": PRICES, "bronze.currencies": [{"code": "XXX", "digits": 1}]}

    assert_rows(shop.run_model("silver.prices", given), [{"id": 3, "price": "2.00"}])


@pytest.mark.spark
def test_only_the_models_that_were_asked_for_are_returned(shop: Models) -> None:
    """A seed is computed once for several models, and can be run alone."""
    results = shop.run_models(["silver.prices", "gold.sums"], {"raw.prices": PRICES})

    assert list(results) == ["silver.prices", "gold.sums"]
    assert results["gold.sums"].rows("total") == [(29,)]
    assert_rows(shop.run_model("bronze.currencies"), [{"code": "EUR", "digits": 2}, {"code": "JPY", "digits": 0}])


@pytest.mark.spark
def test_rows_of_a_seed_cannot_be_given_to_it(shop: Models) -> None:
    with pytest.raises(ModelTestError, match="does not read"):
        shop.run_model("bronze.currencies", {"raw.currencies": []})
