RATES = {"EUR": 1, "CHF": 2}
