"""A build that remembers says and writes exactly what one does that compiles everything.

``CBX_EDITS`` says how many lists of random edits are tried.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbx.incremental import record
from cbx.incremental.build import Build, build, up_to_date_manifest
from cbx.incremental.options import Options
from cbx.incremental.record import RECORD_FILE
from cbx.incremental.stamps import NO_STAMP
from cbx.target.layout import TARGET
from compiler.tests.incremental.counted_work import count_calls

OPTIONS = Options("local", with_trace=False)
LISTS_OF_EDITS = int(os.environ.get("CBX_EDITS", "10"))

FILES = {
    "project.toml": (
        '[project]\nname = "shop"\n\n[seeds]\nlayer = "bronze"\n\n'
        '[dependencies.crm]\nmanifest = "crm/target/manifest.json"\n\n[vars]\nlanding = "/landing"\n'
    ),
    "macros/rules.sql": "{% macro positive(column) %}{{ column }} > 0{% endmacro %}\n",
    "macros/text.py": "from pyspark.sql import functions as F\n\n\ndef tidy(name):\n    return F.trim(name)\n",
    "models/bronze/orders.py": (
        "from cbx import auto_loader, streaming_table\nfrom macros.text import tidy\n\n\n"
        '@streaming_table(key="id", columns={"id": "BIGINT", "customer_id": "BIGINT", "amount": "INT"})\n'
        'def orders(landed=auto_loader("{{ var(\'landing\') }}/orders", format="json")):\n'
        '    return landed.withColumn("id", tidy("id"))\n'
    ),
    "models/bronze/customers.sql": (
        '{{ streaming_table(key="id", columns={"id": "BIGINT", "city": "STRING"}) }}\n\n'
        'SELECT id, city FROM {{ auto_loader("/landing/customers", format="json") }}\n'
    ),
    "models/silver/orders.sql": (
        '{{ materialized_view(key="id", relationships=[many_to_one("silver.customers", on={"customer_id": "id"})],\n'
        '    expectations=[expect("sold", "{{ positive(\'amount\') }}")]) }}\n\n'
        'SELECT id, customer_id, amount FROM {{ ref("bronze.orders") }}\n'
    ),
    "models/silver/customers.sql": (
        '{{ materialized_view(key="id", expectations=[expect_or_drop("has_id", "id IS NOT NULL")]) }}\n\n'
        "SELECT id, max(city) AS city "
        'FROM {{ ref("bronze.customers") }} GROUP BY id\n'
    ),
    "models/gold/sales.sql": (
        '{{ materialized_view(key="id") }}\n\nSELECT c.id, sum(o.amount) AS total\n'
        'FROM {{ ref("silver.customers") }} AS c LEFT JOIN {{ ref("silver.orders") }} AS o ON o.customer_id = c.id\n'
        "GROUP BY c.id\n"
    ),
    "models/silver/payments.sql": (
        '{{ materialized_view(key="payment_id", columns={"payment_id": "BIGINT", "id": "BIGINT", "paid": "INT"},\n'
        '    relationships=[many_to_one("silver.orders", on="id")]) }}\n\n'
        'SELECT payment_id, id, paid FROM {{ source("raw.payments") }}\n'
    ),
    "macros/sums.sql": "{% macro total(column) %}\n-- a total\nsum({{ column }})\n{% endmacro %}\n",
    "models/silver/paid.sql": (
        '{{ materialized_view(key="payment_id") }}\n\nSELECT p.payment_id, o.id, o.amount\n'
        'FROM {{ ref("silver.payments") }} AS p JOIN {{ ref("silver.orders") }} AS o ON o.id = p.id\n'
    ),
    "models/gold/weights.sql": (
        "{{ materialized_view() }}\n\nSELECT\n  -- cbx: allow CBX314, weights by payment\n"
        "  {{ total('amount') }} AS weight,\n  count(amount) AS many,\n"
        "  -- cbx: allow CBX314, a mean by payment\n  avg(amount) AS mean\n"
        'FROM {{ ref("silver.paid") }}\n'
    ),
    "models/gold/hazards.sql": (
        "{{ materialized_view() }}\n\nSELECT o.customer_id, first(p.paid) AS paid\n"
        'FROM {{ ref("silver.payments") }} AS p LEFT JOIN {{ ref("silver.orders") }} AS o ON o.id = p.id\n'
        "WHERE o.amount > 7 OR o.id IN (SELECT id FROM {{ ref('silver.customers') }})\nGROUP BY o.customer_id\n"
    ),
    "models/bronze/customers_web.sql": (
        '{{ flow(into="bronze.customers") }}\n\n'
        "SELECT CAST(id AS BIGINT) AS id, CAST(city AS STRING) AS city FROM {{ stream_source('web.customers') }}\n"
    ),
    "seeds/bronze/towns.toml": (
        'key = "city"\ntests = [{ no_rows = "SELECT city FROM {{ ref(\'bronze.towns\') }} WHERE size < 2" }]\n'
        'columns = { city = "STRING", size = "INT" }\n'
    ),
    "seeds/bronze/towns.csv": "city,size\nDelft,3\nGouda,2\n",
    "seeds/sizes.toml": 'key = "size"\ncolumns = { size = "INT", name = "STRING" }\n',
    "seeds/sizes.csv": "size,name\n2,small\n3,large\n",
    "crm/target/manifest.json": (
        '{"schema_version": 1, "models": {"silver.people": {"kind": "materialized_view", "dataset": "silver.people",\n'
        '"key": ["person_id"], "columns": [{"name": "person_id", "type": "BIGINT"},\n'
        '{"name": "city", "type": "STRING", "not_null": true}]}}}\n'
    ),
    "models/silver/residents.sql": (
        '{{ materialized_view(key="person_id", tests=[no_rows("SELECT city FROM {{ this }}", name="all")]) }}\n\n'
        'SELECT person_id, city FROM {{ ref("crm", "silver.people") }}\n'
    ),
    "models/gold/sizes.sql": (
        "{{ materialized_view() }}\n\nSELECT p.person_id, s.name FROM {{ ref('silver.residents') }} AS p\n"
        'JOIN {{ ref("silver.towns") }} AS t USING (city) JOIN {{ ref("bronze.sizes") }} AS s USING (size)\n'
    ),
    "models/gold/limits.toml": '[[for_each]]\nname = "delft"\nlimit = 2\n\n[[for_each]]\nname = "gouda"\nlimit = 3\n',
    "models/gold/limits.sql": (
        '{{ materialized_view(for_each="limits.toml", name="{{ each.name }}", key="person_id") }}\n\n'
        "SELECT person_id, city {{ each.name }} FROM {{ ref('silver.residents') }} WHERE person_id > {{ each.limit }}\n"
    ),
    "models/gold/visitors.sql": ("{{ materialized_view() }}\n\nSELECT person_id, delft FROM {{ ref('gold.delft') }}\n"),
    "models/silver/towns.sql": (
        '{{ materialized_view(key="city", tests=[not_null("city"), row_count(at_least=1),\n'
        '    no_rows("SELECT id FROM {{ ref(\'silver.orders\') }} WHERE amount > 7", name="large")]) }}\n\n'
        'SELECT t.city, t.size FROM {{ ref("bronze.towns") }} AS t\n'
    ),
    "models/gold/cities.sql": (
        '{{ materialized_view(description="Cities.") }}\n\nSELECT city, count(*) AS people '
        'FROM {{ ref("silver.customers") }} GROUP BY city\n'
    ),
    "models/gold/open.py": (
        'from cbx import materialized_view, ref\n\n\n@materialized_view(tags=["nightly"])\n'
        'def open(sales=ref("gold.sales"), orders=ref("silver.orders")):\n    return sales.join(orders, "id")\n'
    ),
}

WORDS = [
    ("person_id", "people_id"),
    ('"person_id"]', '"city"]'),
    ('"key": ["person_id"], ', ""),
    ('"type": "BIGINT"', '"type": "STRING"'),
    ('"not_null": true', '"not_null": false'),
    ('"kind": "materialized_view"', '"kind": "view"'),
    ('"schema_version": 1', '"schema_version": 99'),
    ('"models": {"silver.people"', '"models": {"silver.persons"'),
    ('"dataset": "silver.people"', '"dataset": "silver.persons"'),
    ('"crm", ', ""),
    ("dependencies.crm", "dependencies.sales"),
    ("crm/target", "crm/targets"),
    ('manifest.json"', 'manifest.json"\ncatalog = "crm_{{ var(\'landing\') }}"'),
    ('name = "gouda"', 'name = "delft"'),
    ('name = "gouda"', 'name = "Delft"'),
    ('name = "delft"', 'name = "cities"'),
    ("limit = 2", "limit = 4"),
    ("limit = 2", 'limit = "2"'),
    ("limit = 2\n", "bound = 2\n"),
    ("[[for_each]]", "[for_each]"),
    ("limits.toml", "place.toml"),
    ("gold.delft", "gold.gouda"),
    ('layer = "bronze"', 'layer = "silver"'),
    ('layer = "bronze"\n', ""),
    ("2,small", "4,small"),
    ("2,small", "3,small"),
    ("3,large", "3,"),
    ("{{ this }}", "{{ ref('silver.towns') }}"),
    ('"city": "STRING"', '"city": column("STRING", mask="m")'),
    ("amount", "amounts"),
    ("'amount'", "'id'"),
    ("city", "town"),
    ("GROUP BY id", "GROUP BY city"),
    ("GROUP BY c.id", ""),
    ("max(city)", "city"),
    ('key="id"', 'key="city"'),
    ('key="id"', 'key="id", tags=["new"]'),
    ('key="id", ', ""),
    ("BIGINT", "STRING"),
    ("BIGINT", "LONG"),
    ("many_to_one", "one_to_one"),
    ("silver.customers", "silver.orders"),
    ("silver.customers", "silver.customer"),
    ("LEFT JOIN", "JOIN"),
    ("materialized_view", "view"),
    ("SELECT", "SELEC"),
    ("SELECT ", "SELECT DISTINCT "),
    ("> 0", ">= 0"),
    ("id IS NOT NULL", "id > 1"),
    ("expect_or_drop", "expect"),
    ("'amount'", "'amount') }} AND {{ positive('id'"),
    ("positive(", "negative("),
    ("F.trim", "F.lower"),
    ('"shop"', '"shops"'),
    ('"shop"\n', '"shop"\n\n[compile]\ncheck_measures = true\n'),
    ("[vars]", '[compile]\nconstraints = "all"\n\n[vars]'),
    ("[vars]", '[naming]\nschema = "s_{layer}"\n\n[vars]'),
    ('landing = "/landing"', 'landing = "/elsewhere"\n[environments.prod.vars]\nmore = 1'),
    ("Cities.", "Towns."),
    ("Delft,3", "Delft,4"),
    ("Delft,3", "Delft,3\nDelft,4"),
    ("Delft", "Gouda"),
    ("city,size", "size,city"),
    ('"INT" }', '"STRING" }'),
    ("not_null(", "accepted_values("),
    ('not_null("city")', 'not_null("city", at_least=0.5, enforce="fail")'),
    ("at_least=1", "at_most=1"),
    ("amount > 7", "amount > 8"),
    ('"large"', '"small"'),
    ("size < 2", "size > 2"),
    ('no_rows("SELECT id', "no_rows(\"SELECT id FROM {{ ref('silver.paid') }} EXCEPT SELECT id"),
    ("\n", "\r\n"),
    ("nightly", "weekly"),
    ("-- cbx: allow CBX314, ", "-- "),
    ("allow CBX314", "allow CBX306"),
    (", weights by payment", ""),
    ("avg(amount)", "max(amount)"),
    ("total(", "sum("),
    ('silver.paid") }}', 'silver.orders") }}'),
    ("p.payment_id, o.id", "p.payment_id, p.id"),
    ("many_to_one", "one_to_one"),
    ('"paid": "INT"', '"paid": column("INT", measure="total")'),
    ("o.amount", "o.amount * p.paid AS amount"),
    (" OR o.id IN", " AND o.id NOT IN"),
    ("WHERE o.amount", "WHERE p.paid"),
    ('"id": "BIGINT", "paid"', '"id": column("BIGINT", not_null=True), "paid"'),
    ('auto_loader("/landing/customers", format="json")', 'read_stream("custom", options={"topic": "customers"})'),
    ('"topic": "customers"', '"topic": "people", "token": secret("people", "token")'),
    ("[vars]", '[compile]\nmeasures = "error"\n\n[vars]'),
    ("[vars]", '[compile]\nmeasures = "off"\n\n[vars]'),
    (
        "[vars]",
        '[pipelines.a]\nselect = "tag:nightly"\n\n[pipelines.b]\nselect = "fqn:*"\nexclude = "tag:nightly"\n\n[vars]',
    ),
]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def replace_a_word(root: Path, chance: random.Random) -> None:
    files = [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix in {".csv", ".json", ".py", ".sql", ".toml"} and is_source(path, root)
    ]
    chance.shuffle(files)
    before, after = chance.choice(WORDS)
    if chance.random() < 0.4:
        before, after = after, before
    for path in files:
        text = path.read_bytes().decode()
        if before and before in text:
            times = path.stat().st_mtime_ns
            path.write_bytes(text.replace(before, after, chance.choice([1, -1])).encode())
            if chance.random() < 0.5:
                os.utime(path, ns=(times, times))
            return


def is_source(path: Path, root: Path) -> bool:
    return path.relative_to(root).parts[0] in {"crm", "models", "macros", "seeds", "project.toml"}


def sources(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*")) if path.is_file() and is_source(path, root)]


def restore_a_file(root: Path, chance: random.Random) -> None:
    path, text = chance.choice(sorted(FILES.items()))
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def restore_all(root: Path, _: random.Random) -> None:
    for path in sources(root):
        path.unlink()
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def delete_a_file(root: Path, chance: random.Random) -> None:
    chance.choice(sources(root)).unlink()


def rename_a_file(root: Path, chance: random.Random) -> None:
    path = chance.choice([path for path in sources(root) if path.suffix != ".toml"] or sources(root))
    path.rename(path.with_name(chance.choice(["renamed", "orders", "cities"]) + path.suffix))


def add_a_model(root: Path, chance: random.Random) -> None:
    name = chance.choice(["silver/more.sql", "gold/orders.sql", "gold/deep/er.sql", "bronze/c.sql", "macros.txt"])
    path = root / "models" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '{{ materialized_view(key="id", relationships=[one_to_one("silver.orders", on="id")]) }}\n\n'
        'SELECT * FROM {{ ref("silver.orders") }}\n'
    )


def add_a_file_beside_models(root: Path, chance: random.Random) -> None:
    """Parameters that may be for no model, a seed in a folder of a layer, and half of one."""
    name = chance.choice(["models/gold/place.toml", "models/silver/more.toml", "seeds/silver/sizes.csv", "seeds/c.csv"])
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    is_toml = name.endswith(".toml")
    (root / name).write_text(FILES["models/gold/limits.toml"] if is_toml else FILES["seeds/sizes.csv"])
    if not is_toml and chance.random() < 0.5:
        (root / name).with_suffix(".toml").write_text(FILES["seeds/sizes.toml"])


def touch_a_file(root: Path, chance: random.Random) -> None:
    os.utime(chance.choice(sources(root)))


def tamper_with_the_target(root: Path, chance: random.Random) -> None:
    files = [path for path in sorted((root / TARGET).rglob("*")) if path.is_file()]
    if not files:
        return
    path = chance.choice(files)
    what = chance.random()
    if what < 0.4:
        times = path.stat().st_mtime_ns
        path.write_bytes(path.read_bytes()[::-1])
        os.utime(path, ns=(times, times))
    elif what < 0.7:
        path.unlink()
    else:
        path.with_name("stranger.py").write_text("pass\n")


def damage_the_record(root: Path, chance: random.Random) -> None:
    path = root / RECORD_FILE
    if not path.is_file():
        return
    content = bytearray(path.read_bytes())
    if chance.random() < 0.3:
        content = content[: len(content) // 2]
    else:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(7)
    path.write_bytes(content)


def do_nothing(root: Path, chance: random.Random) -> None:
    del root, chance


EDITS: tuple[Callable[[Path, random.Random], None], ...] = (
    *(replace_a_word,) * 8,
    restore_a_file,
    restore_a_file,
    restore_all,
    restore_all,
    delete_a_file,
    rename_a_file,
    add_a_model,
    add_a_file_beside_models,
    touch_a_file,
    tamper_with_the_target,
    tamper_with_the_target,
    damage_the_record,
    do_nothing,
)


def visible_result(build: Build) -> object:
    changes = build.changes and tuple(
        sorted(names) for names in (build.changes.written, build.changes.unchanged, build.changes.removed)
    )
    return build.diagnostics, build.model_count, build.summary, changes, build.could_write


@settings(max_examples=LISTS_OF_EDITS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.sampled_from(EDITS), min_size=1, max_size=8), seed=st.integers(0, 1 << 30), check=st.booleans()
)
@pytest.mark.slow
def test_whatever_is_edited_the_outcome_is_that_of_compiling_everything(
    tmp_path: Path, edits: list[Callable[[Path, random.Random], None]], seed: int, *, check: bool
) -> None:
    """Random edits of models, parameters, seeds, macros, settings, the manifest of another project, target/ and the
    record; after each a build, and one from nothing."""
    chance = random.Random(seed)
    root, fresh = tmp_path / "shop", tmp_path / "fresh"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    restore_all(root, chance)
    build(root, OPTIONS)
    for edit in edits:
        edit(root, chance)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(root, fresh, ignore=shutil.ignore_patterns(".cbx"))
        is_check = check and chance.random() < 0.3

        actual = build(root, OPTIONS, check=is_check)

        expected = build(fresh, OPTIONS, check=is_check)
        assert visible_result(expected) == visible_result(actual), edit.__name__
        assert tree(fresh / TARGET) == tree(root / TARGET), edit.__name__


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    restore_all(tmp_path, random.Random(0))
    build(tmp_path, OPTIONS)
    return tmp_path


def is_compiled_whole(run: Callable[[], object]) -> bool:
    """Whether a build compiles the whole project."""
    return count_calls(run)["incremental/build.py", "_compile"] > 0


def test_what_did_not_change_is_not_compiled(shop: Path) -> None:
    """Nor is it where files were only touched, copied or checked."""
    results = []

    def build_four_times() -> None:
        results.append(build(shop, OPTIONS))
        os.utime(shop / "models/silver/orders.sql")
        results.append(build(shop, OPTIONS))
        shutil.copytree(shop, shop / "copy")
        results.append(build(shop / "copy", OPTIONS))
        results.append(build(shop, OPTIONS, check=True))

    assert not is_compiled_whole(build_four_times)
    assert results == results[:1] * 4


def test_of_a_file_with_several_models_all_are_compiled(shop: Path) -> None:
    """One of them has the name of the file; a reader of one of them is compiled alone."""
    text = (
        '{{ materialized_view(for_each=[{"name": "towns"}, {"name": "villages"}], name="{{ each.name }}") }}\n\n'
        "SELECT id, city AS {{ each.name }} FROM {{ ref('silver.customers') }}\n"
    )
    reader = "{{ materialized_view() }}\n\nSELECT id FROM {{ ref('gold.villages') }}\n"
    (shop / "models/gold/towns.sql").write_text(text)
    (shop / "models/gold/hamlets.sql").write_text(reader)
    build(shop, OPTIONS)

    (shop / "models/gold/towns.sql").write_text(text.replace("city AS", "max(city) OVER () AS"))
    changes = build(shop, OPTIONS).changes
    (shop / "models/gold/hamlets.sql").write_text(reader.replace("SELECT id", "SELECT  id"))
    is_whole = is_compiled_whole(lambda: build(shop, OPTIONS))

    assert changes is not None
    assert {"notebooks/gold/towns.py", "notebooks/gold/villages.py"} <= set(changes.written)
    assert not is_whole


def test_parameters_in_a_toml_file_are_seen(shop: Path) -> None:
    """An edit of the file compiles everything; an edit of a reader of one of its models does not."""
    toml = '[[for_each]]\nname = "towns"\n\n[[for_each]]\nname = "villages"\n'
    text = "SELECT id, city AS {{ each.name }} FROM {{ ref('silver.customers') }}\n"
    reader = "{{ materialized_view() }}\n\nSELECT id FROM {{ ref('gold.villages') }}\n"
    files = {
        "places.toml": toml,
        "unused.toml": "not = TOML",
        "places.sql": '{{ materialized_view(for_each="places.toml", name="{{ each.name }}") }}\n\n' + text,
        "hamlets.sql": reader,
    }
    for name, content in files.items():
        (shop / "models/gold" / name).write_text(content)
    assert build(shop, OPTIONS).summary is not None

    is_whole_unchanged = is_compiled_whole(lambda: build(shop, OPTIONS))
    (shop / "models/gold/hamlets.sql").write_text(reader.replace("SELECT id", "SELECT  id"))
    is_whole_for_reader = is_compiled_whole(lambda: build(shop, OPTIONS))
    (shop / "models/gold/places.toml").write_text(toml.replace("towns", "cantons"))
    changes = build(shop, OPTIONS).changes
    (shop / "models/gold/places.toml").unlink()
    summary = build(shop, OPTIONS).summary

    assert not is_whole_unchanged
    assert not is_whole_for_reader
    assert changes is not None
    assert "notebooks/gold/cantons.py" in changes.written
    assert changes.removed == ("notebooks/gold/towns.py",)
    assert summary is None


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("models/gold/cities.sql", "Cities.", "Towns."),
        ("models/gold/sales.sql", "LEFT JOIN", "JOIN"),
        ("models/silver/orders.sql", "positive('amount')", "positive('id')"),
        ("models/silver/customers.sql", "max(city)", "min(city)"),
        ("models/gold/open.py", 'join(orders, "id")', 'join(orders, ["id"])'),
    ],
)
def test_of_one_changed_model_the_rest_is_not_compiled(shop: Path, path: str, before: str, after: str) -> None:
    """As long as others see nothing of the change."""
    (shop / path).write_text(FILES[path].replace(before, after))

    results = []
    is_whole = is_compiled_whole(lambda: results.append(build(shop, OPTIONS)))
    (changes,) = [result.changes for result in results]

    assert not is_whole
    assert changes is not None
    assert set(changes.written) <= {path.replace("models", "notebooks").replace(".sql", ".py"), "manifest.json"}
    assert "manifest.json" in changes.written
    assert changes.removed == ()


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("models/silver/customers.sql", "AS city", "AS town"),
        ("models/silver/customers.sql", 'key="id"', 'key=["id"], tags=["x"], quarantine=True'),
        ("models/silver/customers.sql", "id IS NOT NULL", "id > 1"),
        ("models/silver/customers.sql", "max(city)", "no_column"),
        ("models/gold/sales.sql", "silver.customers", "bronze.customers"),
        ("models/bronze/customers.sql", "SELECT id", "SELECT  id"),
        ("models/bronze/customers_web.sql", "web.customers", "web.users"),
        ("models/silver/towns.sql", "silver.orders", "silver.paid"),
        ("macros/rules.sql", "> 0", "> 1"),
        ("project.toml", "shop", "shops"),
    ],
)
def test_what_others_see_of_a_change_compiles_everything(shop: Path, path: str, before: str, after: str) -> None:
    """Columns, keys, inputs, flows and their targets, tables that tests read, macros, settings, and anything wrong."""
    (shop / path).write_text(FILES[path].replace(before, after))

    assert is_compiled_whole(lambda: build(shop, OPTIONS))


@pytest.mark.parametrize(
    "options",
    [Options("local"), Options("local", with_analysis=False, with_trace=False), Options("prod", with_trace=False)],
)
def test_other_options_are_compiled_anew(shop: Path, options: Options) -> None:
    """What was compiled otherwise says nothing."""
    assert is_compiled_whole(lambda: build(shop, options))


def test_a_check_leaves_no_trace(shop: Path) -> None:
    """`--check` writes neither the target nor the record."""
    (shop / "models/gold/cities.sql").unlink()
    before = tree(shop)

    changes = build(shop, OPTIONS, check=True).changes

    assert changes is not None
    assert changes.removed == ("notebooks/gold/cities.py",)
    assert before == tree(shop)


def test_a_link_in_the_project_is_followed_anew_each_time(shop: Path) -> None:
    """What a link leads to may change without its stamp."""
    shared = shop / "shared.sql"
    (shop / "models/gold/cities.sql").rename(shared)
    (shop / "models/gold/cities.sql").symlink_to(shared)
    build(shop, OPTIONS)
    shared.write_text(shared.read_text().replace("Cities.", "Towns."))

    build(shop, OPTIONS)

    assert "Towns." in (shop / "target/notebooks/gold/cities.py").read_text()


def test_the_manifest_is_known_until_something_changes(shop: Path) -> None:
    """Commands about the graph read it where a compilation would make the same."""
    known = up_to_date_manifest(shop, OPTIONS)
    (shop / "models/gold/cities.sql").write_text(FILES["models/gold/cities.sql"] + "\n")

    assert known == (shop / "target/manifest.json").read_text()
    assert up_to_date_manifest(shop, OPTIONS) is None


def enlarge_record(root: Path) -> None:
    """Record as many models as a large project has."""
    known = record.read_record(root)
    assert known is not None
    model = next(iter(known.models.values()))
    record.write_record(root, known._replace(models={f"large.m{number}": model for number in range(8_000)}))
    assert record.is_large(root)


def test_of_a_large_project_two_processes_look_what_is_there(shop: Path) -> None:
    """One reads the record and looks at the models, the other at the files that were made of them."""
    before = tree(shop / TARGET)
    changed = shop / "target/notebooks/gold/cities.py"
    changed.write_text(changed.read_text() + "x = 1\n")
    results = []
    for _ in range(2):
        enlarge_record(shop)
        results.append(build(shop, OPTIONS).changes)

    assert [None if changes is None else changes.written for changes in results] == [("notebooks/gold/cities.py",), ()]
    assert before == tree(shop / TARGET)


def test_a_stamp_that_has_no_room_in_the_record_is_none(shop: Path) -> None:
    """Some drives have inodes of more than 63 bits, and a file may be of the year 2400: it is read each time."""
    known = record.read_record(shop)
    assert known is not None
    name = "models/gold/cities.sql"
    record.write_record(shop, known._replace(sources=known.sources.update({name: (1, 2, 3, 1 << 63)})))

    found = record.read_record(shop)

    assert found is not None
    assert found.sources.stamps[name] == NO_STAMP
    assert build(shop, OPTIONS).changes == build(shop, OPTIONS, check=True).changes
