"""The address at which the machines of a cluster find the driver."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Final

from cbx.runtime.errors import CannotRunError

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST: Final = "spark.driver.host"
BIND_ADDRESS: Final = "spark.driver.bindAddress"
_CONNECTING: Final = 5.0
_THIS_MACHINE: Final = "127.0.0.1"
_EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - the user has named the address at which others find it
_MASTER: Final = re.compile(r"(?:spark|k8s)://(?:(https?)://)?(\[[^\]]+\]|[^:/,]+)(?::(\d+))?")
_PORTS: Final = {"http": 80}
_HTTPS: Final = 443


def is_kubernetes(master: str) -> bool:
    """Whether a master is the API server of Kubernetes."""
    return master.startswith("k8s://")


def is_local(master: str) -> bool:
    """Whether everything runs on this machine."""
    return master.startswith("local")


def refuse_connect(master: str) -> None:
    """Refuse the address of a Spark Connect server.

    Raises:
        CannotRunError: If it is one.
    """
    if master.startswith("sc://"):
        raise CannotRunError(
            f"`{master}` is a Spark Connect server, whose sessions cannot write checkpoints to the state folder",
            hint="name the master of the cluster, such as --master spark://host:7077",
        )


def address_settings(master: str, given: Mapping[str, str]) -> dict[str, str]:
    """The settings for the address of the driver: that of this machine in the network of the master.

    Args:
        master: The master.
        given: The settings of the user, who may have set the address.

    Raises:
        CannotRunError: If the master cannot be reached.
    """
    named = {name: given[name] for name in (HOST, BIND_ADDRESS) if name in given}
    if is_local(master):
        return {HOST: _THIS_MACHINE, BIND_ADDRESS: _THIS_MACHINE, **named}
    if HOST in named:
        return {BIND_ADDRESS: _EVERY_ADDRESS, **named}
    address = _own_address(master)
    return named if address is None else {HOST: address, BIND_ADDRESS: address, **named}


def _own_address(master: str) -> str | None:
    """The address from which this machine reaches a master; None if its address names no host."""
    match = _MASTER.match(master)
    if match is None:
        return None
    host, port = match[2].strip("[]"), int(match[3] or _PORTS.get(match[1], _HTTPS))
    try:
        with socket.create_connection((host, port), timeout=_CONNECTING) as connection:
            return str(connection.getsockname()[0])
    except OSError as error:
        server = "Kubernetes API server" if is_kubernetes(master) else "Spark master"
        reason = f"the {server} {host}:{port} cannot be reached: {error.strerror or error}"
        raise CannotRunError(reason, hint="check the address, and that this machine may connect to it") from None
