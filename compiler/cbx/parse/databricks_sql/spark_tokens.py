"""Rewrites the tokens of Databricks SQL that sqlglot cannot parse.

Each rule replaces a few tokens by others with the same meaning at the same positions, so spans stay those of the file.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from cbx.parse.databricks_sql.brackets import depths

_T = TokenType
_NAMES = frozenset({
    _T.ALTER, _T.ANY, _T.BETWEEN, _T.CREATE, _T.CROSS, _T.CUBE, _T.DROP, _T.FETCH, _T.FOR, _T.GRANT, _T.INNER,
    _T.INSERT, _T.INTERVAL, _T.INTO, _T.JOIN, _T.LATERAL, _T.LIMIT, _T.LOCK, _T.OFFSET, _T.OUTER, _T.QUALIFY,
    _T.RECURSIVE, _T.REVOKE, _T.ROLLBACK, _T.ROLLUP, _T.SERDE_PROPERTIES, _T.TABLE_SAMPLE, _T.UNCACHE, _T.VALUES,
    _T.WINDOW,
})  # fmt: skip
"""Keywords that may also be names of columns: they are if the rest of the clause does not follow."""

_AFTER_A_NAME = frozenset({
    _T.ALIAS, _T.AMP, _T.AND, _T.ASC, _T.BETWEEN, _T.CARET, _T.CLUSTER_BY, _T.COLON, _T.COMMA, _T.DASH, _T.DCOLON,
    _T.DESC, _T.DISTRIBUTE_BY, _T.DIV, _T.DOT, _T.DPIPE, _T.ELSE, _T.END, _T.EQ, _T.EXCEPT, _T.FROM, _T.GROUP_BY,
    _T.GT, _T.GTE, _T.HAVING, _T.ILIKE, _T.IN, _T.INTERSECT, _T.IS, _T.LIKE, _T.LT, _T.LTE, _T.L_BRACKET, _T.MOD,
    _T.NEQ, _T.NOT, _T.NULLSAFE_EQ, _T.OR, _T.ORDER_BY, _T.PIPE, _T.PIPE_GT, _T.PLUS, _T.RLIKE, _T.R_BRACKET,
    _T.R_PAREN, _T.SEMICOLON, _T.SLASH, _T.SORT_BY, _T.STAR, _T.THEN, _T.UNION, _T.WHEN, _T.WHERE,
})  # fmt: skip
_NO_ALIASES = frozenset({_T.CROSS, _T.EXCEPT, _T.INNER, _T.JOIN, _T.LATERAL})
"""Keywords that Spark reads as part of a join, not as an alias."""

_BEFORE_A_QUERY = frozenset(
    {_T.ALL, _T.ALIAS, _T.DISTINCT, _T.EXCEPT, _T.INTERSECT, _T.L_PAREN, _T.SEMICOLON, _T.UNION}
)
_SET_OPERATIONS = frozenset({_T.EXCEPT, _T.INTERSECT, _T.UNION})
_OPENING, _CLOSING = frozenset({_T.L_PAREN, _T.L_BRACKET}), frozenset({_T.R_PAREN, _T.R_BRACKET})
_IDENTIFIERS = frozenset({_T.VAR, _T.IDENTIFIER})
_BEFORE_A_SIGN = frozenset({
    _T.COMMA, _T.DASH, _T.DISTINCT, _T.ELSE, _T.EQ, _T.GT, _T.GTE, _T.LT, _T.LTE, _T.L_PAREN, _T.MOD, _T.PLUS,
    _T.SELECT, _T.SLASH, _T.STAR, _T.THEN,
})  # fmt: skip
_SIGNS = frozenset({_T.COLON, _T.DASH, _T.NOT, _T.PLUS})
"""Signs that may begin a value, and so may also follow a keyword: ``BETWEEN -1 AND 1``, ``QUALIFY NOT a``."""

_BEFORE_A_VALUE = _BEFORE_A_SIGN | {
    _T.AMP, _T.AND, _T.CARET, _T.CASE, _T.DIV, _T.DOT, _T.DPIPE, _T.GROUP_BY, _T.HAVING, _T.L_BRACKET, _T.NEQ,
    _T.NULLSAFE_EQ, _T.ON, _T.OR, _T.ORDER_BY, _T.PARTITION_BY, _T.PIPE, _T.WHEN, _T.WHERE,
}  # fmt: skip
"""Tokens that only a value can follow: a keyword after them is the name of a column."""

_UNIT = re.compile(r"(?i)(?:year|month|week|day|hour|minute|second|millisecond|microsecond)s?")
_AFTER_A_TABLE = _IDENTIFIERS | {_T.R_PAREN}
_BY_ROWS = {_T.CLUSTER_BY: _T.PARTITION_BY, _T.DISTRIBUTE_BY: _T.PARTITION_BY, _T.SORT_BY: _T.ORDER_BY}
_SORTING = frozenset({_T.CLUSTER_BY, _T.SORT_BY})

Rule = Callable[[list[Token], int, list[Token]], int]
"""Takes the tokens, an index and the rewritten tokens; appends to these, and returns the index of the next token."""


def adapt_tokens(tokens: list[Token]) -> list[Token]:
    """The tokens of a text, rewritten for sqlglot."""
    done: list[Token] = []
    at = 0
    while at < len(tokens):
        end = at
        for rule in _rules_for(tokens[at]):
            end = rule(tokens, at, done)
            if end > at:
                break
        if end == at:
            done.append(tokens[at])
            end += 1
        at = end
    return done


def _rules_for(token: Token) -> Sequence[Rule]:
    if token.token_type is _T.VAR:
        return _BY_WORD.get(token.text.upper(), ())
    return _BY_TYPE.get(token.token_type, ())


def _replace_token(token: Token, kind: TokenType, text: str) -> Token:
    """A token of another type at the same position."""
    return Token(kind, text, token.line, token.col, token.start, token.end, [])


def _select_star_from(token: Token) -> list[Token]:
    return [
        _replace_token(token, _T.SELECT, "SELECT"),
        _replace_token(token, _T.STAR, "*"),
        _replace_token(token, _T.FROM, "FROM"),
    ]


def _type_at(tokens: Sequence[Token], at: int) -> TokenType | None:
    return tokens[at].token_type if 0 <= at < len(tokens) else None


def _are_words(tokens: Sequence[Token], at: int, *words: str) -> bool:
    texts = [token.text.upper() for token in tokens[at : at + len(words)]]
    return texts == list(words)


def _walk(tokens: Sequence[Token], at: int) -> Iterator[tuple[int, TokenType, int]]:
    """The tokens from an index on: the index, the type, and the depth of brackets around the token."""
    changes = (_depth_change(tokens[index]) for index in range(at, len(tokens)))
    for index, depth in enumerate(depths(changes), at):
        yield index, tokens[index].token_type, depth


def _depth_change(token: Token) -> int:
    return (token.token_type in _OPENING) - (token.token_type in _CLOSING)


def _find_closing(tokens: Sequence[Token], at: int) -> int:
    """The index of the bracket that closes the one at an index, or that around it; the end if none does."""
    outside = 0 if _type_at(tokens, at) in _OPENING else -1
    closing = (index for index, kind, depth in _walk(tokens, at) if kind in _CLOSING and depth == outside)
    return next(closing, len(tokens))


def _find_end_of_step(tokens: Sequence[Token], at: int) -> int:
    """Where a step of a pipe ends: at the next one, or at the bracket around it, or at the end."""
    ends = {_T.PIPE_GT, _T.SEMICOLON}
    return next(
        (index for index, kind, depth in _walk(tokens, at) if depth < 0 or (depth == 0 and kind in ends)), len(tokens)
    )


def _name(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``values``, ``any`` or ``window`` as a column."""
    follows = _type_at(tokens, at + 1)
    before = done[-1].token_type if done else None
    is_join = tokens[at].token_type in _NO_ALIASES and before in _AFTER_A_TABLE and follows is not _T.FROM
    is_signed = follows in _SIGNS and (before not in _BEFORE_A_VALUE or _is_signed_interval(tokens, at))
    is_field = tokens[at].token_type is _T.INTERVAL and follows is _T.NOT and _closes_types(done)
    is_clause = is_join or is_signed or is_field or before in {None, _T.WITH}
    if not is_clause and (follows is None or follows in _AFTER_A_NAME):
        done.append(_replace_token(tokens[at], _T.IDENTIFIER, tokens[at].text))
        return at + 1
    return at


def _is_signed_interval(tokens: Sequence[Token], at: int) -> bool:
    """Whether the tokens are a literal such as ``INTERVAL -1 DAY``, not a column called ``interval``."""
    is_value = _type_at(tokens, at + 2) in {_T.NUMBER, _T.STRING} and at + 3 < len(tokens)
    return tokens[at].token_type is _T.INTERVAL and is_value and bool(_UNIT.fullmatch(tokens[at + 3].text))


def _field_name(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``from`` as a field: ``STRUCT<from: STRING>``."""
    if _type_at(tokens, at + 1) is _T.COLON and done and done[-1].token_type in {_T.LT, _T.COMMA}:
        done.append(_replace_token(tokens[at], _T.IDENTIFIER, tokens[at].text))
        return at + 1
    return at


def _window_function(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``window(..)``, which sqlglot parses as the clause of that name."""
    if _type_at(tokens, at + 1) is _T.L_PAREN:
        done.append(_replace_token(tokens[at], _T.VAR, tokens[at].text))
        return at + 1
    return at


def _plus(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``+a`` as ``- -a``: sqlglot drops the sign, and Spark names the column after it."""
    if not done or done[-1].token_type not in _BEFORE_A_SIGN:
        return at
    done += [_replace_token(tokens[at], _T.DASH, "-")] * 2
    return at + 1


def _shift(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``a >>> b`` as ``a >> ~sqrt(b)``, which no valid query contains: Spark has no ``~`` of a DOUBLE."""
    three = tokens[at : at + 3]
    touch = all(token.token_type is _T.GT for token in three) and three[0].start + 2 == three[-1].start
    if len(three) < 3 or not touch or _closes_types(done):
        return at
    done += [*three[:2], _replace_token(three[2], _T.TILDE, "~"), _replace_token(three[2], _T.PIPE_SLASH, "|/")]
    return at + 3


_WITH_SEED = {"SHUFFLE": 2, "UUID": 1}
"""How many arguments a function has with its seed."""

_LONGEST_TYPE = 300
"""The most tokens of a type that are searched, which keeps the time linear."""


def _closes_types(done: Sequence[Token]) -> bool:
    """Whether ``>`` closes the types of ``ARRAY<MAP<STRING, ARRAY<INT>>>``."""
    depth = 0
    for token in reversed(done[-_LONGEST_TYPE:]):
        if token.token_type is _T.GT:
            depth += 1
        elif token.token_type is _T.LT:
            depth -= 1
        elif token.token_type in {_T.ARRAY, _T.MAP, _T.STRUCT} and depth < 0:
            return True
        elif token.token_type in {_T.SELECT, _T.FROM, _T.WHERE, _T.L_PAREN, _T.R_PAREN, _T.ALIAS}:
            return False
    return False


def _hex(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``X '1F'``: with a space, or with double quotes."""
    if _type_at(tokens, at + 1) is not _T.STRING:
        return at
    done.append(_replace_token(tokens[at + 1], _T.HEX_STRING, tokens[at + 1].text))
    return at + 2


def _table(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``TABLE orders`` as ``SELECT * FROM orders``, where a query may begin."""
    begins = not done or done[-1].token_type in _BEFORE_A_QUERY
    is_call = len(done) > 1 and done[-1].token_type is _T.L_PAREN and done[-2].token_type in _IDENTIFIERS
    if not begins or is_call or _type_at(tokens, at + 1) not in _IDENTIFIERS:
        return at
    done += _select_star_from(tokens[at])
    return at + 1


def _table_argument(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``f(TABLE(t) PARTITION BY a ORDER BY b)`` as ``f(TABLE(t))``."""
    if _type_at(tokens, at + 1) is not _T.L_PAREN:
        return at
    end = _find_closing(tokens, at + 1) + 1
    follows = _type_at(tokens, end)
    if follows not in {*_BY_ROWS, _T.PARTITION_BY, _T.ORDER_BY, _T.WITH}:
        return at
    done += tokens[at:end]
    return _find_closing(tokens, end)


def _recursion_level(tokens: list[Token], at: int, done: list[Token]) -> int:  # noqa: ARG001 - a rule that adds nothing
    """``MAX RECURSION LEVEL 20`` of a query of WITH."""
    if not _are_words(tokens, at, "MAX", "RECURSION", "LEVEL") or _type_at(tokens, at + 3) is not _T.NUMBER:
        return at
    return at + 4


def _difference_in_units(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``datediff(HOUR, a, b)`` as ``timestampdiff(HOUR, a, b)``: sqlglot parses ``datediff(a, b)`` as one in days."""
    if _type_at(tokens, at + 1) is not _T.L_PAREN or _type_at(tokens, at + 3) is not _T.COMMA:
        return at
    inside = itertools.takewhile(lambda walked: walked[2] >= 0, _walk(tokens, at + 2))
    if sum(depth == 0 and kind is _T.COMMA for _, kind, depth in inside) != 2:
        return at
    done.append(_replace_token(tokens[at], _T.VAR, "timestampdiff"))
    return at + 1


def _seed(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``uuid(7)`` and ``shuffle(a, 7)``: sqlglot knows no seed of these, so they are read by their names."""
    closing = _find_closing(tokens, at + 1)
    inside = [kind for _, kind, depth in _walk(tokens[:closing], at + 2) if depth == 0]
    count = inside.count(_T.COMMA) + bool(inside)
    if (
        _type_at(tokens, at + 1) is not _T.L_PAREN
        or closing == len(tokens)
        or count != _WITH_SEED[tokens[at].text.upper()]
    ):
        return at
    end = tokens[closing]
    tokens[closing] = Token(_T.R_PAREN, end.text, end.line, end.col, end.start, end.end, [exp.SQLGLOT_ANONYMOUS])
    done.append(tokens[at])
    return at + 1


def _timestamp_without_zone(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``TIMESTAMP WITHOUT TIME ZONE``, which sqlglot parses as ``TIMESTAMP``."""
    if not _are_words(tokens, at, "WITHOUT", "TIME", "ZONE") or not done or done[-1].text.upper() != "TIMESTAMP":
        return at
    done[-1] = _replace_token(done[-1], _T.TIMESTAMPNTZ, "TIMESTAMP_NTZ")
    return at + 3


def _watermark(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``STREAM t WATERMARK at DELAY OF INTERVAL 1 DAY``; with ``f(at) AS x``, the stream and one more column."""
    delay = next((index for index in range(at, len(tokens)) if _are_words(tokens, index, "DELAY", "OF")), None)
    if delay is None or delay == at + 1 or _type_at(tokens, delay + 2) is not _T.INTERVAL or not _is_source(done):
        return at
    value = tokens[at + 1 : delay]
    if any(token.token_type is _T.ALIAS for token in value):
        start = max(index for index, token in enumerate(done) if token.token_type is _T.STREAM)
        first = done[start]
        select = [
            _replace_token(first, _T.L_PAREN, "("),
            *_select_star_from(first)[:2],
            _replace_token(first, _T.COMMA, ","),
            *value,
        ]
        done[start:start] = [*select, _replace_token(first, _T.FROM, "FROM")]
        done.append(_replace_token(first, _T.R_PAREN, ")"))
    return delay + 5


def _is_source(done: Sequence[Token]) -> bool:
    return bool(done) and done[-1].token_type in _AFTER_A_TABLE


def _options(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``FROM t WITH (`key` = 1)``: options of how a table is read."""
    inside = _type_at(tokens, at + 2)
    named = inside in {_T.STRING, *_IDENTIFIERS} and _type_at(tokens, at + 3) in {_T.EQ, _T.DOT}
    if _type_at(tokens, at + 1) is not _T.L_PAREN or not named or not _is_source(done):
        return at
    return _find_closing(tokens, at + 1) + 1


def _rows_of_window(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``OVER (DISTRIBUTE BY a SORT BY b)`` and ``OVER (CLUSTER BY a)``, as PARTITION BY and ORDER BY."""
    backwards = depths(-_depth_change(token) for token in reversed(done))
    inside = next((count for count, depth in enumerate(backwards) if depth < 0), None)
    if inside is None:
        return at
    opening = len(done) - 1 - inside
    has_from = any(token.token_type is _T.FROM for token in done[opening:])
    if has_from or _type_at(done, opening - 1) not in {_T.OVER, _T.ALIAS}:
        return at
    kind = _BY_ROWS[tokens[at].token_type]
    done.append(_replace_token(tokens[at], kind, kind.name.replace("_", " ")))
    return at + 1


def _step(tokens: list[Token], at: int, done: list[Token]) -> int:
    """A step of a pipe that sqlglot does not know."""
    word = _type_at(tokens, at + 1)
    end = _find_end_of_step(tokens, at + 1)
    sign = tokens[at]
    if word is _T.DROP and at + 2 < end:
        done += [sign, *_select_star_except(tokens[at + 1], _T.EXCEPT, "EXCEPT", tokens[at + 2 : end])]
    elif word is _T.SET:
        for value in _split_at_commas(tokens[at + 2 : end]):
            if len(value) < 3 or value[1].token_type is not _T.EQ:
                return at
            renamed = [_replace_token(value[0], _T.L_PAREN, "("), *value[2:], _replace_token(value[0], _T.R_PAREN, ")")]
            renamed += [_replace_token(value[1], _T.ALIAS, "AS"), value[0]]
            done += [sign, *_select_star_except(tokens[at + 1], _T.REPLACE, "REPLACE", renamed)]
    elif word in _SORTING:
        done += [sign, _replace_token(tokens[at + 1], _T.ORDER_BY, "ORDER BY")]
        return at + 2
    elif word is _T.DISTRIBUTE_BY:
        done += [
            sign,
            _replace_token(tokens[at + 1], _T.WHERE, "WHERE"),
            _replace_token(tokens[at + 1], _T.TRUE, "TRUE"),
        ]
    elif word in _SET_OPERATIONS:
        return _set_operation(tokens, at, done, end)
    else:
        return at
    return end


def _set_operation(tokens: list[Token], at: int, done: list[Token], end: int) -> int:
    start = at + 2
    while _type_at(tokens, start) in {_T.ALL, _T.DISTINCT}:
        start += 1
    if start >= end or tokens[start].token_type is _T.L_PAREN or _are_words(tokens, start, "BY", "NAME"):
        return at
    inner = adapt_tokens(tokens[start:end])
    around = (_replace_token(tokens[start], _T.L_PAREN, "("), _replace_token(tokens[end - 1], _T.R_PAREN, ")"))
    done += [*tokens[at:start], around[0], *inner, around[1]]
    return end


def _select_star_except(word: Token, kind: TokenType, text: str, names: Sequence[Token]) -> list[Token]:
    """``SELECT * EXCEPT (names)``."""
    opening = [*_select_star_from(word)[:2], _replace_token(word, kind, text), _replace_token(word, _T.L_PAREN, "(")]
    return [*opening, *names, _replace_token(word, _T.R_PAREN, ")")]


def _split_at_commas(tokens: Sequence[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for index, kind, depth in _walk(tokens, 0):
        if depth == 0 and kind is _T.COMMA:
            parts.append([])
        else:
            parts[-1].append(tokens[index])
    return parts


def _values(tokens: list[Token], at: int, done: list[Token]) -> int:
    """``VALUES (1) |> ..`` as ``SELECT * FROM VALUES (1) |> ..``."""
    begins = not done or done[-1].token_type is _T.L_PAREN
    end = _find_end_of_step(tokens, at)
    if not begins or _type_at(tokens, end) is not _T.PIPE_GT:
        return at
    done += [*_select_star_from(tokens[at]), tokens[at]]
    return at + 1


_BY_TYPE: Mapping[TokenType, Sequence[Rule]] = {
    **dict.fromkeys(_NAMES, (_name,)),
    _T.EXCEPT: (_name,),
    _T.FROM: (_field_name,),
    _T.GT: (_shift,),
    _T.PIPE_GT: (_step,),
    _T.PLUS: (_plus,),
    _T.TABLE: (_table, _table_argument),
    _T.UUID: (_seed,),
    _T.VALUES: (_name, _values),
    _T.WINDOW: (_window_function, _name),
    _T.WITH: (_options,),
    **dict.fromkeys(_BY_ROWS, (_rows_of_window,)),
}
_BY_WORD: Mapping[str, Sequence[Rule]] = {
    "DATEDIFF": (_difference_in_units,),
    "DATE_DIFF": (_difference_in_units,),
    "TIMEDIFF": (_difference_in_units,),
    "MAX": (_recursion_level,),
    "SHUFFLE": (_seed,),
    "WATERMARK": (_watermark,),
    "WITHOUT": (_timestamp_without_zone,),
    "X": (_hex,),
}
