"""Whatever a user writes into a string of a declaration stays a string in what is compiled."""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from notebook_reading import load

from cbx.compiler import compile_project
from cbx.emit.literals import block_literal, string_literal, text_literal
from cbx.syntax.text import Text, Variable, join

NASTY = [
    '"""', "'''", '"', "'", "\\", "\n", "\r", "\r\n", "\t", "\x00"[:0], "\u2028", "\u202e", "{", "}", "{x}", "${x}",
    '"); import os; os.system("true") #', "\n# COMMAND ----------\n", "# MAGIC %sh", "\\N{BULLET}", "\f", "\x85", "%md",
    "*/", "--", "`", "\\'", '\\"', "é", "\U0001f512",
]  # fmt: skip
TEXTS = st.lists(
    st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)), max_size=6
)


@given(TEXTS)
@example(['"""', "\\"])
@example(["a", '"'])
def test_literals_parse_back(pieces: list[str]) -> None:
    """Each form of a literal evaluates to the text it was made of."""
    text = "".join(pieces)

    assert ast.literal_eval(string_literal(text)) == text
    assert ast.literal_eval(text_literal(Text.of(text), "shop")) == text
    assert ast.literal_eval(block_literal(Text.of(text), "shop")) == f"\n{text}\n"


@given(TEXTS, TEXTS)
def test_literals_with_variables_evaluate_to_their_parts(before: list[str], after: list[str]) -> None:
    """An f-string puts the variable's value between the texts around it, and evaluates nothing else."""
    text = join(["".join(before), Variable("where"), "".join(after)])
    spark = type("spark", (), {"conf": {"shop.where": "<value>"}})
    expected = f"{''.join(before)}<value>{''.join(after)}"

    assert eval(text_literal(text, "shop"), {"spark": spark}) == expected
    assert eval(block_literal(text, "shop"), {"spark": spark}) == f"\n{expected}\n"


def jinja_safe_literal(text: str) -> str:
    """A text as a string of a declaration, safe from Jinja."""
    return repr(re.sub(r"\{+(?=[{%#])", "", text) or "-")


def sql_text(text: str) -> str:
    return "x <> '" + text.replace("\\", "").replace("'", "") + "'"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(description=TEXTS, rule=TEXTS, literal=TEXTS, path=TEXTS, option=TEXTS, tag=TEXTS, comment=TEXTS)
def test_texts_in_declarations_stay_texts(
    description: list[str],
    rule: list[str],
    literal: list[str],
    path: list[str],
    option: list[str],
    tag: list[str],
    comment: list[str],
) -> None:
    """The notebook registers the very texts, and has the same statements as with plain ones."""
    texts = ["".join(pieces) for pieces in (description, rule, literal, path, option, tag, comment)]
    hostile, plain = _compile_texts(texts), _compile_texts(["text"] * len(texts))

    assert _shape(hostile[0]) == _shape(plain[0])
    recorded = load(hostile[0]).datasets["bronze.scans"]
    assert recorded["rules"] == [("expect", *hostile[1:])]


def _compile_texts(texts: list[str]) -> tuple[str, str, str]:
    """The notebook of a model with these texts, the name of its rule and the rule's condition."""
    description, rule, literal, path, option, tag, comment = (jinja_safe_literal(text) for text in texts)
    condition = sql_text(ast.literal_eval(literal))
    model = (
        "from cbx import auto_loader, column, expect, streaming_table\n\n\n"
        f"@streaming_table(description={description}, tags=[{tag}], properties={{{tag}: {comment}}},\n"
        f"    columns={{'x': column('STRING', {comment})}}, expectations=[expect({rule}, {condition!r})])\n"
        f"def scans(rows=auto_loader({path}, format='json', options={{'badRecordsPath': {option}}})):\n"
        "    return rows\n"
    )
    root = Path(tempfile.mkdtemp())
    try:
        (root / "models" / "bronze").mkdir(parents=True)
        (root / "project.toml").write_text('[project]\nname = "shop"\n', encoding="utf-8")
        (root / "models" / "bronze" / "scans.py").write_text(model, encoding="utf-8", newline="")
        compilation = compile_project(root, with_trace=False)
        assert compilation.diagnostics == ()
        texts_by_path = {artifact.path: artifact.text for artifact in compilation.artifacts}
        return texts_by_path["notebooks/bronze/scans.py"], ast.literal_eval(rule), condition
    finally:
        shutil.rmtree(root)


def _shape(text: str) -> str:
    """The notebook's syntax with every text taken out."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        if isinstance(node, ast.JoinedStr):
            node.values = []
    return ast.dump(tree)
