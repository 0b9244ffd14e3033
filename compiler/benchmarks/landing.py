"""Writes Circuit Box's landing files in any size, the same for the same sizes.

The first day brings every customer with an address; on each day that follows some of them change. Orders spread
over all the days. A few rows break a rule that drops or warns; none breaks one that must hold.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

DAYS = 10
_FIRST = dt.date(2026, 1, 1)
_SEED = 20260101
_CITIES = ("Austin", "Boston", "Denver", "Eugene", "Madison", "Newport", "Oakland", "Portland", "Salem", "Tucson")
_STATES = ("TX", "MA", "CO", "OR", "WI", "RI", "CA", "ME", "NH", "AZ")
_CATEGORIES = ("Laptops", "Phones", "Audio", "Monitors", "Accessories")
_STATUSES = ("Pending", "Shipped", "Completed", "Completed", "Completed", "Cancelled")
_PAYMENTS = ("Credit Card", "Bank Transfer", "PayPal")
_PRODUCTS = 500


def write_landing(folder: Path, customers: int, orders: int) -> None:
    """Write the files of all the days.

    Args:
        folder: Gets the folders ``customers``, ``addresses`` and ``orders``.
        customers: How many customers there are; each has an address.
        orders: How many orders they place.
    """
    chance = random.Random(_SEED)
    for name in ("customers", "addresses", "orders"):
        (folder / name).mkdir(parents=True)
    for day in range(DAYS):
        date = _FIRST + dt.timedelta(days=day)
        changed = (
            range(1, customers + 1) if day == 0 else sorted(chance.sample(range(1, customers + 1), customers // 50))
        )
        moved = range(1, customers + 1) if day == 0 else sorted(chance.sample(range(1, customers + 1), customers // 50))
        first, last = (orders * number // DAYS for number in (day, day + 1))
        _write(folder / "customers" / f"{date}.json", (_customer(chance, number, date) for number in changed))
        _write(folder / "addresses" / f"{date}.csv", _addresses(chance, moved, date))
        _write(
            folder / "orders" / f"{date}.json",
            (_order(chance, number, chance.randint(1, customers), date) for number in range(first + 1, last + 1)),
        )


def write_new_rows(folder: Path, number: int, customers: int, orders: int, new: int) -> None:
    """Write the files of an update after the first load: new orders, and a tenth as many changed customers.

    Args:
        folder: The landing folder.
        number: The number of the update, from 0.
        customers: How many customers there are.
        orders: How many orders the first load had.
        new: How many orders are new.
    """
    chance = random.Random(f"{_SEED} {number}")
    date = _FIRST + dt.timedelta(days=DAYS + number)
    changed, moved = (sorted(chance.sample(range(1, customers + 1), max(new // 10, 1))) for _ in range(2))
    first = orders + number * new
    placed = ((order, chance.randint(1, customers)) for order in range(first + 1, first + new + 1))
    _write(folder / "customers" / f"{date}.json", (_customer(chance, customer, date) for customer in changed))
    _write(folder / "addresses" / f"{date}.csv", _addresses(chance, moved, date))
    _write(folder / "orders" / f"{date}.json", (_order(chance, order, customer, date) for order, customer in placed))


def write_orders(path: Path, chance: random.Random, orders: int) -> None:
    """Write a file with some orders of random customers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = [chance.randrange(1, 10**9) for _ in range(orders)]
    _write(path, (_order(chance, number, chance.randint(1, 100_000), _FIRST) for number in numbers))


def _write(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def _customer(chance: random.Random, number: int, date: dt.date) -> str:
    name = "null" if chance.random() < 0.002 else f'"Customer {number} {chance.choice(_CITIES)}"'
    email = "null" if chance.random() < 0.01 else f'"customer.{number}@example.com"'
    telephone = "+1 555010" if chance.random() < 0.01 else f"+1 {chance.randint(2_000_000_000, 9_999_999_999)}"
    born = dt.date(1915, 1, 1) + dt.timedelta(days=chance.randrange(33_000))
    return (
        f'{{"customer_id": {number}, "customer_name": {name}, "date_of_birth": "{born}", '
        f'"telephone": "{telephone}", "email": {email}, "created_date": "{date}"}}'
    )


def _addresses(chance: random.Random, customers: range | list[int], date: dt.date) -> Iterator[str]:
    yield "customer_id,address_line_1,city,state,postcode,created_date"
    for number in customers:
        place = chance.randrange(len(_CITIES))
        street = "" if chance.random() < 0.002 else f'"{chance.randint(1, 999)} Harbour Street, Flat {place + 1}"'
        postcode = "123" if chance.random() < 0.005 else f"{chance.randint(0, 99_999):05d}"
        yield f"{number},{street},{_CITIES[place]},{_STATES[place]},{postcode},{date}"


def _order(chance: random.Random, number: int, customer: int, date: dt.date) -> str:
    hour, minute, second = chance.randrange(24), chance.randrange(60), chance.randrange(60)
    status = "Lost" if chance.random() < 0.002 else chance.choice(_STATUSES)
    items = ", ".join(_item(chance, number) for number in chance.sample(range(1, _PRODUCTS + 1), chance.randint(1, 3)))
    return (
        f'{{"order_id": {number}, "customer_id": {customer}, '
        f'"order_timestamp": "{date} {hour:02d}:{minute:02d}:{second:02d}", '
        f'"payment_method": "{chance.choice(_PAYMENTS)}", "order_status": "{status}", "items": [{items}]}}'
    )


def _item(chance: random.Random, product: int) -> str:
    category = _CATEGORIES[product % len(_CATEGORIES)]
    price = f"{product * 7 % 1300 + 5}.{product % 100:02d}"
    return (
        f'{{"item_id": {product}, "name": "{category} model {product}", "category": "{category}", '
        f'"price": {price}, "quantity": {chance.randint(1, 4)}}}'
    )
