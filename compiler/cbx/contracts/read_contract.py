"""Reads a contract of the Open Data Contract Standard, within limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from cbx.files.bounded_read import read_regular

_LARGEST: Final = 1 << 22
_HINT: Final = "a contract is a YAML file with `kind: DataContract`"


class ContractError(Exception):
    """A file is not a contract.

    Attributes:
        problems: What is wrong, with the place in the file.
    """

    def __init__(self, problems: Sequence[str], hint: str | None = _HINT) -> None:
        super().__init__(*problems)
        self.problems = tuple(problems)
        self.hint = hint


def read_contract(path: Path) -> OpenDataContractStandard:
    """The contract of a file.

    Raises:
        ContractError: If it cannot be read, or is not a contract.
    """
    try:
        text = read_regular(path, _LARGEST).decode("utf-8")
    except OSError as error:
        raise ContractError([f"cannot be read: {error.strerror}"], None) from error
    except UnicodeDecodeError as error:
        raise ContractError(["not UTF-8"]) from error
    try:
        document = _load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise ContractError([f"line {line}: {error.problem}"]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ContractError([f"not YAML: {error}"]) from error
    if not isinstance(document, dict) or document.get("kind") != "DataContract":
        raise ContractError(["not a data contract"])
    try:
        return OpenDataContractStandard.model_validate(document)
    except ValidationError as error:
        problems = [f"`{'.'.join(map(str, item['loc']))}`: {item['msg'].lower()}" for item in error.errors()]
        raise ContractError(problems, None) from error


def _load(text: str) -> Any:
    """The YAML document; aliases, with which a short text can mean a very large one, are refused."""
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise ContractError(["it uses YAML aliases, which are not read in contracts"], "write their values out")
    return yaml.safe_load(text)
