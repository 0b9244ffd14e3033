from .rates import RATES


def in_cents(amount, currency):
    """Euro cents, or nothing for a currency without a rate."""
    rate = RATES.get(currency)
    return None if rate is None or amount is None else int(amount) * rate * 100
