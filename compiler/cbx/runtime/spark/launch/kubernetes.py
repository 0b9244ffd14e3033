"""Runs on Kubernetes: the settings that its pods need, and why they do not start."""

from __future__ import annotations

import ipaddress
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from py4j.protocol import Py4JError

from cbx.runtime.errors import CannotRunError
from cbx.runtime.spark.launch.driver_address import is_kubernetes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pyspark.sql import SparkSession

IMAGE_PYTHON: Final = "python3"
"""The Python of an image: that of this machine has another path there."""
_IMAGES: Final = ("spark.kubernetes.container.image", "spark.kubernetes.executor.container.image")
_TEMPLATE: Final = "spark.kubernetes.executor.podTemplateFile"
_VOLUMES: Final = "spark.kubernetes.executor.volumes"
_MOUNT: Final = re.compile(re.escape(_VOLUMES) + r"\.[^.]+\.[^.]+\.mount\.path")
_CLAIM: Final = f"{_VOLUMES}.persistentVolumeClaim.state"


class _Missing(NamedTuple):
    """A setting that is missing.

    Attributes:
        what: What it gives.
        settings: How to write it.
    """

    what: str
    settings: tuple[str, ...]


def pod_settings(master: str) -> dict[str, str]:
    """Settings for pods, which those of the user replace.

    Spark itself would wait for executors while it starts, before cbx can say what they wait for.
    """
    return {"spark.scheduler.minRegisteredResourcesRatio": "0.0"} if is_kubernetes(master) else {}


def check_pod_settings(given: Mapping[str, str], state: Path, address: str) -> None:
    """Require the settings without which no pod would start, reach the driver or see the state folder.

    Args:
        given: The settings of the user.
        state: The state folder.
        address: The address of the driver.

    Raises:
        CannotRunError: If some are missing; the hint has all of them.
    """
    missing = list(_find_missing(given, state, address))
    if missing:
        settings = " ".join(f"--conf {setting}" for part in missing for setting in part.settings)
        reason = f"settings for Kubernetes are missing: {', '.join(part.what for part in missing)}"
        raise CannotRunError(reason, hint=f"add {settings}")


def _find_missing(given: Mapping[str, str], state: Path, address: str) -> Iterator[_Missing]:
    if not any(image in given for image in _IMAGES):
        yield _Missing("the image of the executors", (f"{_IMAGES[0]}=IMAGE",))
    mounts = [PurePosixPath(path) for name, path in given.items() if _MOUNT.fullmatch(name)]
    if _TEMPLATE not in given and not any(state.is_relative_to(mount) for mount in mounts):
        settings = (f"{_CLAIM}.mount.path={state}", f"{_CLAIM}.options.claimName=CLAIM")
        yield _Missing(f"a volume of the executors with the state folder {state}", settings)
    if _is_loopback(address):
        yield _Missing(
            f"the address at which pods reach this machine (it reaches the API server from {address})",
            ("spark.driver.host=ADDRESS",),
        )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # a name
        return False


def describe_pods(spark: SparkSession, log: Path) -> str:
    """What the executors' pods are waiting for; an empty text if that is not known.

    Args:
        spark: A session on Kubernetes.
        log: Spark's log.
    """
    context: Any = spark.sparkContext
    try:
        backend = context._jsc.sc().schedulerBackend()  # noqa: SLF001 - Python has no method for it
        field = backend.getClass().getDeclaredField("kubernetesClient")
        field.setAccessible(True)
        namespace = context.getConf().get("spark.kubernetes.namespace", "default")
        pods = field.get(backend).pods().inNamespace(namespace).withLabel(_APPLICATION, context.applicationId)
        states = [_describe_pod(pod) for pod in pods.list().getItems()]
    except Py4JError:
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "; ".join(dict.fromkeys(states)) or pod_failure(lines) or "it has created no pod"


_APPLICATION: Final = "spark-app-selector"


def pod_failure(log: Iterable[str]) -> str | None:
    """Why Spark has given up to create pods, by the lines of its log; None if it has not."""
    text = "\n".join(log)
    refused = [*_REFUSED.finditer(text)]
    if refused:
        return f"Kubernetes has refused a request: {refused[-1][1]}"
    ended = _TOO_MANY.search(text)
    return None if ended is None else f"{ended[0][0].lower()}{ended[0][1:]}"


_REFUSED: Final = re.compile(r"KubernetesClientException: Failure executing: .*?Message: (.*?)\.? Received status:")
_TOO_MANY: Final = re.compile(r"Max number of executor failures \(\d+\) reached")


def _describe_pod(pod: Any) -> str:
    status = pod.getStatus()
    waiting = [container.getState().getWaiting() for container in status.getContainerStatuses()]
    ended = [container.getState().getTerminated() for container in status.getContainerStatuses()]
    unmet = [condition for condition in status.getConditions() if condition.getStatus() == "False"]
    reasons = [
        ": ".join(filter(None, (part.getReason(), part.getMessage())))
        for part in (*waiting, *ended, *unmet)
        if part is not None
    ]
    return f"a pod is {status.getPhase()}{f' ({reasons[0]})' if reasons else ''}"
