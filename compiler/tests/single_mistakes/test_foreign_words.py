"""What users of dbt and of Delta Live Tables write by habit gets one line that says what to write here."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbx.compiler import compile_project

PROJECT = '[project]\nname = "tannery"\nlayers = ["raw"]\n'
QUERY = 'SELECT hide_id FROM {{ source("vats.hides") }}'

TRIED = {
    "unique_key": ('{{ materialized_view(unique_key="hide_id") }}\n' + QUERY, "CBX102", "key="),
    "materialized": ('{{ view(materialized="incremental") }}\n' + QUERY, "CBX102", "the kind says"),
    "comment": ('{{ view(comment="Hides.") }}\n' + QUERY, "CBX102", "description="),
    "config": ("{{ config(materialized='table') }}\n" + QUERY, "CBX105", "materialized_view"),
    "this": ("{{ view() }}\nSELECT max(hide_id) AS last FROM {{ this }}", "CBX205", "its own table"),
    "is_incremental": (
        "{{ view() }}\n" + QUERY + "\n{% if is_incremental() %} WHERE hide_id > 1 {% endif %}",
        "CBX205",
        "streaming_table",
    ),
    "env_var": (
        "{{ view() }}\nSELECT '{{ env_var('X') }}' AS x FROM {{ source('vats.hides') }}",
        "CBX205",
        'var("name")',
    ),
    "source of two": (
        "{{ view() }}\nSELECT hide_id FROM {{ source('vats', 'hides') }}",
        "CBX102",
        'source("vats.hides")',
    ),
}


@pytest.mark.parametrize("name", TRIED)
def test_a_foreign_word_is_one_diagnostic_that_says_what_to_write(name: str, tmp_path: Path) -> None:
    """No follow-up, and a hint that names cbx's own word."""
    text, code, wanted = TRIED[name]
    (tmp_path / "models" / "raw").mkdir(parents=True)
    (tmp_path / "project.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "models" / "raw" / "hides.sql").write_text(text + "\n", encoding="utf-8")
    found = compile_project(tmp_path).diagnostics

    assert [diagnostic.code.id for diagnostic in found] == [code]
    assert wanted in (found[0].hint or "")


SETTINGS = {
    "a setting of an environment at the top": ('catalog = "main"\n', "[environments.<name>]"),
    "a setting of [compile] under [project]": ('[naming]\nconstraints = "all"\n', "[compile]"),
    "a setting of [naming] under [compile]": ('[compile]\ntable = "{name}"\n', "[naming]"),
    "a catalog that is a template": ("[environments.dev]\ncatalog = \"{{ env_var('CAT') }}\"\n", "write the value"),
    "a schema with a space": ('[environments.dev]\nschema = "my schema"\n', "Unity Catalog"),
    "a catalog with a dot": ('[environments.dev]\ncatalog = "main.dev"\n', "Unity Catalog"),
    "a catalog that is too long": (f'[environments.dev]\ncatalog = "{"c" * 256}"\n', "Unity Catalog"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_wrong_setting_says_what_would_be_right(name: str, tmp_path: Path) -> None:
    """A setting in another section names its own; a catalog or schema that Unity Catalog cannot have is an error."""
    text, wanted = SETTINGS[name]
    top = text if text.startswith("catalog") else ""
    (tmp_path / "project.toml").write_text(top + PROJECT + (text if not top else ""), encoding="utf-8")
    found = compile_project(tmp_path).diagnostics

    assert [diagnostic.code.id for diagnostic in found] == ["CBX150" if "env_var" in text else "CBX002"]
    assert wanted in f"{found[0].message} {found[0].hint}"


def test_a_catalog_may_have_dashes_and_the_name_of_who_deploys(tmp_path: Path) -> None:
    """What Unity Catalog takes is taken."""
    names = 'catalog = "shoes-dev"\nschema = "{user}_äöü"\n'
    (tmp_path / "project.toml").write_text(f"{PROJECT}[environments.dev]\n{names}", encoding="utf-8")

    assert compile_project(tmp_path).diagnostics == ()
