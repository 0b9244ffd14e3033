"""The API server of a Kubernetes cluster that records what Spark's client asks for, and runs pods as processes.

It speaks the part of the REST API that Spark uses: pods are created, listed, watched, patched and deleted, config maps
created and deleted. A pod is started as the image of Spark starts it: by the variables of its container.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyspark

_EXECUTOR = "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend"
_OPTIONS = {
    "--driver-url": "SPARK_DRIVER_URL",
    "--executor-id": "SPARK_EXECUTOR_ID",
    "--cores": "SPARK_EXECUTOR_CORES",
    "--app-id": "SPARK_APPLICATION_ID",
    "--hostname": "SPARK_EXECUTOR_POD_IP",
    "--resourceProfileId": "SPARK_RESOURCE_PROFILE_ID",
    "--podName": "SPARK_EXECUTOR_POD_NAME",
}
_ADDRESS = "127.0.0.1"
Object = dict[str, Any]


@dataclass
class Cluster:
    """A running API server.

    Attributes:
        folder: Where pods write their logs.
        java: The Java that pods run.
        statuses: The statuses of new pods, in turn, instead of starting them.
        refuses: Whether it refuses to create pods.
        port: Its port on this machine.
        requests: The method and path of each request, without its query.
        created: The pods that were created, as they were sent.
        pods: Those that were not deleted, by name.
        processes: What runs, by the name of the pod.
    """

    folder: Path
    java: Path
    statuses: Sequence[Object] = ()
    refuses: bool = False
    port: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)
    created: list[Object] = field(default_factory=list)
    pods: dict[str, Object] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def master(self) -> str:
        """The master of a run."""
        return f"k8s://http://{_ADDRESS}:{self.port}"

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Object) -> tuple[int, Object]:
        """The status and the document of a request."""
        parts = path.strip("/").split("/")
        kind, name = parts[4] if len(parts) > 4 else "", parts[5] if len(parts) > 5 else None
        with self.lock:
            self.requests.append((method, path))
            if kind != "pods":
                return (201, body) if method == "POST" else (200, _list_of([]))
            if method == "POST":
                return self._create(body)
            chosen = [pod for pod in self.pods.values() if _is_chosen(pod, name, query.get("labelSelector", ""))]
            if method == "DELETE":
                for pod in chosen:
                    self._delete(pod["metadata"]["name"])
            if name is None:
                return 200, _list_of(chosen)
            if not chosen:
                return 404, {
                    "kind": "Status",
                    "apiVersion": "v1",
                    "status": "Failure",
                    "code": 404,
                    "reason": "NotFound",
                }
            if method == "PATCH":
                chosen[0]["metadata"]["labels"].update(body.get("metadata", {}).get("labels", {}))
            return 200, chosen[0]

    def _create(self, pod: Object) -> tuple[int, Object]:
        if self.refuses:
            reason = {"message": "pods is forbidden: exceeded quota: compute", "reason": "Forbidden"}
            return 403, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, **reason}
        self.created.append(json.loads(json.dumps(pod)))
        name = pod["metadata"]["name"]
        pod["metadata"] |= {
            "uid": name,
            "resourceVersion": "1",
            "creationTimestamp": time.strftime("%FT%TZ", time.gmtime()),
        }
        running = {"phase": "Running", "podIP": _ADDRESS}
        pod["status"] = self.statuses[len(self.pods) % len(self.statuses)] if self.statuses else running
        self.pods[name] = pod
        if not self.statuses:
            self._start(name, pod["spec"]["containers"][0])
        return 201, pod

    def _start(self, name: str, container: Object) -> None:
        """Run the container of an executor."""
        fields = {"metadata.name": name, "status.podIP": _ADDRESS}
        given = {
            variable["name"]: variable["value"]
            if "value" in variable
            else fields[variable["valueFrom"]["fieldRef"]["fieldPath"]]
            for variable in container["env"]
            if "value" in variable or "fieldRef" in variable.get("valueFrom", {})
        }
        options = [text for option, variable in _OPTIONS.items() for text in (option, given[variable])]
        java = [value for variable, value in given.items() if variable.startswith("SPARK_JAVA_OPT_")]
        jars = Path(pyspark.__file__).parent / "jars"
        local = self.folder / "local" / name
        paths = {"SPARK_LOCAL_DIRS": str(local), "SPARK_HOME": str(jars.parent), "SPARK_LOCAL_IP": _ADDRESS}
        environment = {**os.environ, **given, **paths}
        memory = f"-Xmx{given['SPARK_EXECUTOR_MEMORY']}"
        command = [str(self.java / "bin/java"), *java, memory, "-cp", f"{jars}/*", _EXECUTOR, *options]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=self.folder)

    def _delete(self, name: str) -> None:
        del self.pods[name]
        process = self.processes.pop(name, None)
        if process is not None:
            process.terminate()
            process.wait(60)

    def end(self) -> None:
        """End what still runs."""
        with self.lock:
            for name in list(self.pods):
                self._delete(name)


def _list_of(items: list[Object]) -> Object:
    return {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}


def _is_chosen(pod: Object, name: str | None, selector: str) -> bool:
    """Whether a pod has a name, and the labels of a selector such as ``role=executor,app in (a),!inactive``."""
    metadata = pod["metadata"]
    labels = metadata.get("labels", {})
    terms = [term for term in selector.split(",") if "=" in term and "!" not in term]
    has_labels = all(labels.get(key) == value for key, _, value in (term.partition("=") for term in terms))
    return has_labels and name in (None, metadata["name"])


@contextmanager
def serve(folder: Path, java: Path) -> Iterator[Cluster]:
    """Serve the API while the context lasts."""
    cluster = Cluster(folder, java)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            query = {name: texts[0] for name, texts in parse_qs(parts.query).items()}
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if query.get("watch") == "true":  # Spark asks for all pods every few seconds, too
                self.close_connection = True
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                return
            status, document = cluster.answer(self.command, parts.path, query, json.loads(content or b"{}"))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names of the base class

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((_ADDRESS, 0), Handler) as server:
        cluster.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield cluster
        finally:
            cluster.end()
            server.shutdown()
            thread.join()
