"""Runs on Kubernetes: Spark's own client, against a server with the API of Kubernetes that runs pods as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cbx.runtime.errors import CannotRunError
from cbx.runtime.spark.java import java_home
from cbx.runtime.spark.launch.driver_address import address_settings
from cbx.runtime.spark.launch.kubernetes import check_pod_settings, pod_failure
from compiler.tests.runtime.kubernetes_server import Cluster, serve

NOTEBOOK = """
import dlt
from pyspark.sql.functions import udf

@dlt.table
def orders():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load("landing")

@dlt.table
def doubled():
    return spark.read.table("orders").select(udf(lambda city: city + city)("city").alias("city"))
"""
VOLUME = "spark.kubernetes.executor.volumes.persistentVolumeClaim.state"


def settings(folder: Path) -> dict[str, str]:
    """What a run on Kubernetes needs, with executors that are small."""
    return {
        "spark.kubernetes.container.image": "shop/spark:4.2.1",
        "spark.kubernetes.namespace": "shop",
        f"{VOLUME}.mount.path": str(folder),
        f"{VOLUME}.options.claimName": "shop-state",
        "spark.driver.host": "127.0.0.1",
        "spark.executor.instances": "1",
        "spark.executor.memory": "600m",
        "spark.pyspark.python": sys.executable,
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
    }


@pytest.mark.parametrize(
    ("missing", "address", "message", "hint"),
    [
        (
            "spark.kubernetes.container.image",
            "10.0.0.7",
            "the image of the executors",
            "add --conf spark.kubernetes.container.image=IMAGE",
        ),
        (
            f"{VOLUME}.mount.path",
            "10.0.0.7",
            "a volume of the executors with the state folder /mnt/shop/state",
            f"add --conf {VOLUME}.mount.path=/mnt/shop/state --conf {VOLUME}.options.claimName=CLAIM",
        ),
        (
            "spark.driver.host",
            "127.0.0.1",
            "the address at which pods reach this machine (it reaches the API server from 127.0.0.1)",
            "add --conf spark.driver.host=ADDRESS",
        ),
    ],
)
def test_a_missing_setting_is_named(missing: str, address: str, message: str, hint: str) -> None:
    """Before Spark starts."""
    given = {name: value for name, value in settings(Path("/mnt/shop")).items() if name != missing}
    with pytest.raises(CannotRunError) as raised:
        check_pod_settings(given, Path("/mnt/shop/state"), address)
    diagnostic = raised.value.diagnostic

    assert (diagnostic.message, diagnostic.hint) == (f"settings for Kubernetes are missing: {message}", hint)


def test_all_missing_settings_are_one_problem() -> None:
    """The hint has all of them; a template of pods may have the volume."""
    with pytest.raises(CannotRunError) as raised:
        check_pod_settings({"spark.kubernetes.executor.podTemplateFile": "pod.yaml"}, Path("/mnt/shop"), "::1")

    assert (raised.value.diagnostic.hint or "").count("--conf") == 2
    check_pod_settings(settings(Path("/mnt/shop")), Path("/mnt/shop"), "")
    with pytest.raises(CannotRunError, match="a volume"):
        check_pod_settings(settings(Path("/mnt/shop")), Path("/mnt/shopping"), "")


@pytest.mark.parametrize(("master", "port"), [("k8s://http://127.0.0.1", 80), ("k8s://127.0.0.1", 443)])
def test_the_port_of_the_api_server(master: str, port: int) -> None:
    """As Spark's client has it."""
    with pytest.raises(CannotRunError, match=rf"the Kubernetes API server 127\.0\.0\.1:{port} cannot be reached"):
        address_settings(master, {})


def test_why_spark_gives_up() -> None:
    """By its log: pods that were refused before pods that have failed."""
    failed = "26/11/30 18:42:37 ERROR ExecutorPodsLifecycleManager: Max number of executor failures (3) reached"
    refused = (
        "io.fabric8.kubernetes.client.KubernetesClientException: Failure executing: POST at: http://h/pods. "
        "Message: pods is forbidden: exceeded quota. Received status: Status(apiVersion=v1, code=403)."
    )

    assert pod_failure(["WARN SparkConf: nothing"]) is None
    assert pod_failure([failed]) == "max number of executor failures (3) reached"
    assert pod_failure([refused, failed]) == "Kubernetes has refused a request: pods is forbidden: exceeded quota"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with serve(tmp_path, java_home(tmp_path)) as running:
        yield running


def cbx(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cbx", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)


def options(given: Mapping[str, str]) -> list[str]:
    return [text for name, value in given.items() for text in ("--conf", f"{name}={value}")]


@pytest.mark.spark
@pytest.mark.slow
def test_pods_run_an_update(cluster: Cluster, tmp_path: Path) -> None:
    """They have the image, the namespace and the volume, run Python, and are deleted before the command ends."""
    for path, text in {"notebooks/p.py": NOTEBOOK, "landing/1.json": json.dumps({"city": "Ulm"})}.items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text)
    done = cbx(tmp_path, "run", "notebooks", "--master", cluster.master, *options(settings(tmp_path)))
    left, requests = dict(cluster.pods), [*cluster.requests]
    shown = cbx(tmp_path, "show", "doubled", "--format", "csv").stdout
    (pod,) = cluster.created
    (container,) = pod["spec"]["containers"]
    claims = [volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod["spec"]["volumes"]]

    assert done.returncode == 0, done.stderr
    assert shown == "city\nUlmUlm\n"
    assert left == {}
    assert ("POST", "/api/v1/namespaces/shop/pods") in requests
    assert ("DELETE", "/api/v1/namespaces/shop/configmaps") in requests
    assert container["image"] == "shop/spark:4.2.1"
    assert str(tmp_path) in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert "shop-state" in claims


STARTS = """
import json, sys
from pathlib import Path
from cbx.runtime.errors import CannotRunError
from cbx.runtime.spark.session import session

given, master = sys.argv[1:]
try:
    session(Path("state"), master, json.loads(given))
except CannotRunError as error:
    print(error.diagnostic.message)
"""


@pytest.mark.spark
@pytest.mark.slow
def test_pods_that_do_not_start(cluster: Cluster, tmp_path: Path) -> None:
    """The run says what they wait for."""
    unmet = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}
    pulling = {"name": "e", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    cluster.statuses = (
        {"phase": "Pending", "conditions": [unmet], "containerStatuses": []},
        {"phase": "Pending", "conditions": [], "containerStatuses": [pulling]},
    )
    given = {
        **settings(tmp_path),
        "spark.executor.instances": "2",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "3s",
    }
    command = [sys.executable, "-c", STARTS, json.dumps(given), cluster.master]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
    pods = ("Unschedulable: 0/3 nodes are available", "ImagePullBackOff: no such image")

    assert f"no executor of {cluster.master} has connected to the driver at 127.0.0.1 within 3 s" in done.stdout
    assert [reason for reason in pods if f"a pod is Pending ({reason})" not in done.stdout] == []
    assert cluster.pods == {}
