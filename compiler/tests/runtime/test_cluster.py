"""Runs on a cluster: a standalone master and a worker that are in another network than the run.

The networks are namespaces that the test makes, with addresses that nothing else has, so it needs the rights of an
administrator on Linux.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyspark
import pytest

from cbx.runtime.errors import CannotRunError
from cbx.runtime.spark.java import java_home
from cbx.runtime.spark.launch.driver_address import address_settings, is_local, refuse_connect

MASTER = "spark://10.254.77.2:7077"
NOTEBOOK = """
import dlt

@dlt.table
@dlt.expect_or_drop("has_id", "id IS NOT NULL")
def orders():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load("landing")

@dlt.table
def totals():
    return spark.read.table("orders").groupBy("city").count()
"""


def test_the_address_is_that_of_the_network_of_the_master() -> None:
    """Everything else stays on this machine."""
    here = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}

    assert address_settings("local[2]", {}) == here
    assert address_settings("local-cluster[1,1,1024]", {}) == here
    assert address_settings("yarn", {}) == {}
    assert address_settings("spark://h:1", {"spark.driver.host": "me"}) == {
        "spark.driver.bindAddress": "0.0.0.0",
        "spark.driver.host": "me",
    }
    assert not is_local("k8s://https://h:1")


@pytest.mark.parametrize(
    ("master", "server"),
    [
        ("spark://127.0.0.1:9", "Spark master"),
        ("k8s://https://127.0.0.1:9", "Kubernetes API server"),
        ("spark://127.0.0.1:9,other:7077", "Spark master"),
    ],
)
def test_a_master_that_cannot_be_reached_is_named(master: str, server: str) -> None:
    with pytest.raises(CannotRunError, match=rf"the {server} 127\.0\.0\.1:9 cannot be reached: Connection refused"):
        address_settings(master, {})


def test_spark_connect_is_refused() -> None:
    with pytest.raises(CannotRunError, match="is a Spark Connect server"):
        refuse_connect("sc://localhost:15002")


@dataclass
class Network:
    """Two namespaces that reach each other: one for the run, one for the cluster.

    Attributes:
        run: The name of the first one, whose address is 10.254.77.1.
        cluster: The name of the second one, whose address is 10.254.77.2.
        folder: The folder of the test.
        home: The Java of the cluster.
        processes: What runs in the cluster.
    """

    run: str
    cluster: str
    folder: Path
    home: Path
    processes: list[subprocess.Popen[bytes]]

    def start(self, *arguments: str, before: str = "true") -> None:
        """Start a process of the cluster, after a command of the shell that changes what it sees."""
        jars = Path(pyspark.__file__).parent / "jars"
        java = [str(self.home / "bin/java"), "-Xmx300m", "-cp", f"{jars}/*", *arguments]
        script = f'{before} && exec "$@"'
        command = ["ip", "netns", "exec", self.cluster, "unshare", "-m", "sh", "-c", script, "sh", *java]
        log = (self.folder / f"{len(self.processes)}.log").open("wb")
        with log:
            environment = {
                **os.environ,
                "SPARK_HOME": str(jars.parent),
                "JAVA_HOME": str(self.home),
                "SPARK_SCALA_VERSION": "2.13",
            }
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=self.folder))

    def start_master(self) -> None:
        """Start the master, and wait until it answers."""
        self.start(
            "org.apache.spark.deploy.master.Master", "--host", "10.254.77.2", "--port", "7077", "--webui-port", "0"
        )
        probe = "import socket; socket.create_connection(('10.254.77.2', 7077), 1)"
        deadline = time.monotonic() + 120
        while self.inside([sys.executable, "-c", probe]).returncode and time.monotonic() < deadline:
            time.sleep(0.3)

    def start_worker(self, before: str = "true") -> None:
        """Start a worker."""
        work = str(self.folder / "work")
        options = ("--host", "10.254.77.2", "--cores", "6", "--memory", "4g", "--webui-port", "0", "--work-dir", work)
        self.start("org.apache.spark.deploy.worker.Worker", *options, MASTER, before=before)

    def inside(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command in the network of the run."""
        return subprocess.run(
            ["ip", "netns", "exec", self.run, *command],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            timeout=600,
        )

    def cbx(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.inside([sys.executable, "-m", "cbx", *arguments])

    def end(self) -> None:
        """End what runs in the cluster."""
        for process in self.processes[::-1]:
            process.terminate()
            process.wait(60)


def ip(*arguments: str) -> bool:
    return subprocess.run(["ip", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    run, cluster = (f"cbx-{os.getpid()}-{name}" for name in ("run", "cluster"))
    if sys.platform != "linux" or not shutil.which("ip") or not shutil.which("unshare") or not ip("netns", "add", run):
        pytest.skip("no right to make namespaces of networks")
    with contextlib.ExitStack() as stack:
        stack.callback(ip, "netns", "del", run)
        ip("netns", "add", cluster)
        stack.callback(ip, "netns", "del", cluster)
        ends = {run: ("cbx0", "10.254.77.1/24"), cluster: ("cbx1", "10.254.77.2/24")}
        ip("-n", run, "link", "add", "cbx0", "type", "veth", "peer", "name", "cbx1", "netns", cluster)
        for namespace, (device, address) in ends.items():
            ip("-n", namespace, "address", "add", address, "dev", device)
            is_up = ip("-n", namespace, "link", "set", device, "up") and ip("-n", namespace, "link", "set", "lo", "up")
            if not is_up:
                pytest.skip("no right to make networks")
        (tmp_path / "notebooks").mkdir()
        (tmp_path / "notebooks/pipeline.py").write_text(NOTEBOOK)
        (tmp_path / "landing").mkdir()
        network = Network(run, cluster, tmp_path, java_home(tmp_path), [])
        stack.callback(network.end)
        yield network


UPDATES = """
import sys
from pathlib import Path
from cbx.runtime import RunRequest, run_update

folder = Path.cwd()
settings = dict(text.split("=") for text in sys.argv[2:])
for number in (1, 2):
    Path(f"landing/{number}.json").write_text('{"id": %d, "city": "Ulm"}\\n{"city": "Rom"}\\n' % number)
    request = RunRequest((Path("notebooks"),), folder / ".cbx", {}, folder, master=sys.argv[1], spark_settings=settings)
    result = run_update(request, lambda event: None)
    print(result.is_success, *((dataset.rows_read, dataset.rows_dropped) for dataset in result.datasets))
"""
SMALL = (
    "spark.executor.memory=600m",
    "spark.cores.max=2",
    "spark.scheduler.maxRegisteredResourcesWaitingTime=120s",
)
"""Also a busy machine starts an executor in that time."""


@pytest.mark.spark
@pytest.mark.slow
def test_a_cluster_in_another_network_runs_updates(network: Network) -> None:
    """Its worker runs two updates; a run for which it has no memory says so; one whose folder it has not is refused.

    They share the master and the worker, and run at the same time.
    """
    private = network.folder / "private"
    private.mkdir()
    network.start_master()
    network.start_worker(f"mount -t tmpfs none {private}")
    conf = [text for setting in SMALL for text in ("--conf", setting)]
    run = ("run", "notebooks", "--master", MASTER, *conf)
    short = ("--conf", "spark.scheduler.maxRegisteredResourcesWaitingTime=3s", "--conf", "spark.executor.memory=100g")
    with ThreadPoolExecutor() as threads:
        both = threads.submit(network.inside, [sys.executable, "-c", UPDATES, MASTER, *SMALL])
        without_folder = threads.submit(network.cbx, *run, "--state", str(private))
        without_executor = threads.submit(network.cbx, *run, *short, "--state", "lonely")
        updates, apart, lonely = both.result(), without_folder.result(), without_executor.result()
    shown = network.cbx("show", "orders", "--format", "csv").stdout

    assert updates.stdout.splitlines() == ["True (2, 1) (1, 0)", "True (2, 1) (1, 0)"], updates.stderr
    assert [line.split(",")[:2] for line in shown.splitlines()[1:]] == [["Ulm", "1"], ["Ulm", "2"]]
    assert (lonely.returncode, apart.returncode) == (2, 2), lonely.stderr + apart.stderr
    assert f"no executor of {MASTER} has connected to the driver at 10.254.77.1 within 3 s" in " ".join(
        lonely.stderr.split()
    )
    assert "do not share the state folder" in " ".join(apart.stderr.split())
    assert not (private / "tables").exists()
