"""What a workspace holds, and what it answers to each request."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from workspace_updates import Updates

Answer = dict[str, Any]
ANN, ROBOT = "ann.smith@example.com", "11111111-2222-3333-4444-555555555555"


class ApiError(Exception):
    """A status code, an error code and a message, as the API answers them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Stored:
    """An object of the workspace."""

    kind: str
    content: bytes = b""
    changed: int = 0


@dataclass
class WorkspaceApi:
    """The state, and an endpoint for each pair of method and path."""

    user: dict[str, str] = field(default_factory=lambda: {"userName": ANN, "displayName": "Ann Smith"})
    objects: dict[str, Stored] = field(default_factory=dict)
    pipelines: dict[str, Answer] = field(default_factory=dict)
    jobs: dict[int, Answer] = field(default_factory=dict)
    permissions: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    catalogs: set[str] = field(default_factory=lambda: {"main", "circuit_box", "circuit_box_dev", "shop", "shop_dev"})
    schemas: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    principals: set[str] = field(default_factory=lambda: {ANN, ROBOT, "sales-engineers", "finance-engineers"})
    forbidden: set[str] = field(default_factory=set)
    largest: int = 10_000_000
    host: str = ""

    def __post_init__(self) -> None:
        self._moment = 1_700_000_000_000
        self._number = 0
        self.updates = Updates(self)
        for path in ("/Users", "/Shared", *(f"/Users/{user}" for user in (ANN, ROBOT))):
            self.objects[path] = Stored("DIRECTORY")

    def answer(self, method: str, path: str, query: dict[str, str], body: Answer) -> Answer:
        for (wanted, pattern), endpoint in _ENDPOINTS.items():
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                if endpoint.__name__ in self.forbidden:
                    raise ApiError(403, "PERMISSION_DENIED", f"{self.user['userName']} does not have the permission.")
                return endpoint(self, *found.groups(), query=query, body=body)
        raise ApiError(404, "ENDPOINT_NOT_FOUND", f"No API found for '{method} {path}'")

    def now(self) -> int:
        self._moment += 1
        return self._moment

    def new_number(self) -> int:
        self._number += 1
        return self._number

    def new_id(self) -> str:
        return f"{self.new_number():08d}-0000-4000-8000-000000000000"

    def contents(self) -> dict[str, tuple[str, bytes]]:
        """All that is stored below home folders, for comparison: kinds and contents by path."""
        return {path: (stored.kind, stored.content) for path, stored in sorted(self.objects.items())}

    # The workspace of files

    def import_object(self, *, body: Answer, **_: Any) -> Answer:
        path, content = _plain(body["path"]), base64.b64decode(body["content"])
        if len(body["content"]) > self.largest:
            raise ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", "File size imported is too large.")
        parent = str(PurePosixPath(path).parent)
        if parent not in self.objects or self.objects[parent].kind != "DIRECTORY":
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"The parent folder ({parent}) does not exist.")
        is_notebook = content.startswith(b"# Databricks notebook source")
        if body.get("format", "SOURCE") == "SOURCE":
            if body.get("language") not in {"PYTHON", "SQL"}:
                raise ApiError(400, "INVALID_PARAMETER_VALUE", "The language field is required.")
            is_notebook = True
        elif is_notebook:
            path = path.removesuffix(".py")
        kind = "NOTEBOOK" if is_notebook else "FILE"
        before = self.objects.get(path)
        if before is not None and not body.get("overwrite"):
            raise ApiError(409, "RESOURCE_ALREADY_EXISTS", f"{path} already exists. Please pass overwrite as true.")
        if before is not None and before.kind != kind:
            raise ApiError(
                400, "INVALID_PARAMETER_VALUE", f"Cannot overwrite the asset at {path} due to type mismatch."
            )
        self.objects[path] = Stored(kind, content, self.now())
        return {}

    def export_object(self, *, query: dict[str, str], **_: Any) -> Answer:
        stored = self._find_object(_plain(query["path"]))
        return {"content": base64.b64encode(stored.content).decode(), "file_type": "py"}

    def make_folders(self, *, body: Answer, **_: Any) -> Answer:
        path = PurePosixPath(_plain(body["path"]))
        for folder in (*reversed(path.parents), path):
            stored = self.objects.get(str(folder))
            if stored is not None and stored.kind != "DIRECTORY":
                raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Node named '{folder.name}' already exists")
            if str(folder) != "/":
                self.objects.setdefault(str(folder), Stored("DIRECTORY"))
        return {}

    def list_objects(self, *, query: dict[str, str], **_: Any) -> Answer:
        path = _plain(query["path"])
        self._find_object(path)
        below = [child for child in self.objects if str(PurePosixPath(child).parent) == path]
        if not below:
            return {}
        return {"objects": [{"path": child, "object_type": self.objects[child].kind} for child in sorted(below)]}

    def delete_object(self, *, body: Answer, **_: Any) -> Answer:
        path = _plain(body["path"])
        self._find_object(path)
        below = [child for child in self.objects if child.startswith(f"{path}/")]
        if below and not body.get("recursive"):
            raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path}) is not empty")
        for removed in (path, *below):
            del self.objects[removed]
        return {}

    def _find_object(self, path: str) -> Stored:
        if path not in self.objects:
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"Path ({path}) doesn't exist.")
        return self.objects[path]

    # Pipelines and their updates

    def create_pipeline(self, *, body: Answer, **_: Any) -> Answer:
        name = body["name"]
        if not body.get("allow_duplicate_names") and any(
            pipeline["name"] == name for pipeline in self.pipelines.values()
        ):
            message = (
                f"The pipeline name '{name}' is already used by another pipeline. This check can be skipped by "
                "setting `allow_duplicate_names = true` in the request."
            )
            raise ApiError(409, "RESOURCE_CONFLICT", message)
        identity = self.new_id()
        self.pipelines[identity] = {"creator_user_name": self.user["userName"]}
        self.permissions[f"pipelines/{identity}"] = [{"user_name": self.user["userName"], "level": "IS_OWNER"}]
        self._set_pipeline(identity, body)
        return {"pipeline_id": identity}

    def update_pipeline(self, identity: str, *, body: Answer, **_: Any) -> Answer:
        pipeline = self._pipeline(identity)
        expected = body.pop("expected_last_modified", None)
        if expected is not None and expected != pipeline["last_modified"]:
            message = "The pipeline settings were modified after the expected last modified time."
            raise ApiError(409, "RESOURCE_CONFLICT", message)
        self._set_pipeline(identity, body)
        return {}

    def _set_pipeline(self, identity: str, body: Answer) -> None:
        spec = {name: value for name, value in body.items() if name not in {"run_as", "allow_duplicate_names"}}
        added = {"spark.sql.ansi.enabled": "true"}  # the workspace's own, which the answers hold too
        if "clusters" in spec:
            spec["clusters"] = [{"label": "default", **cluster} for cluster in spec["clusters"]]
        self.pipelines[identity] |= {
            "pipeline_id": identity,
            "name": spec["name"],
            "spec": {"id": identity, **spec, "configuration": {**added, **spec.get("configuration", {})}},
            "run_as": body.get("run_as"),
            "last_modified": self.now(),
        }

    def get_pipeline(self, identity: str, **_: Any) -> Answer:
        latest = self.updates.latest(identity)
        state = "RUNNING" if latest and latest[0]["state"] not in Updates.FINAL else "IDLE"
        return {**self._pipeline(identity), "state": state, "latest_updates": latest}

    def list_pipelines(self, *, query: dict[str, str], **_: Any) -> Answer:
        found = re.fullmatch(r"name LIKE '(.*)'", query.get("filter", "name LIKE '%'"))
        if found is None:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", "Invalid filter.")
        pattern = re.escape(found[1]).replace("%", ".*").replace("_", ".")
        named = [pipeline for pipeline in self.pipelines.values() if re.fullmatch(pattern, pipeline["name"])]
        return {"statuses": [{"pipeline_id": pipeline["pipeline_id"], "name": pipeline["name"]} for pipeline in named]}

    def _pipeline(self, identity: str) -> Answer:
        if identity not in self.pipelines:
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"The specified pipeline {identity} was not found.")
        return self.pipelines[identity]

    def start_update(self, identity: str, *, body: Answer, **_: Any) -> Answer:
        self._pipeline(identity)
        active = self.updates.active(identity)
        if active is not None:
            raise ApiError(
                409, "RESOURCE_CONFLICT", f"An active update {active} already exists for pipeline '{identity}'."
            )
        return {"update_id": self.updates.start(identity, body)}

    def get_update(self, identity: str, update: str, **_: Any) -> Answer:
        self._pipeline(identity)
        found = self.updates.poll(update)
        if found is None:
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"The specified update {update} was not found.")
        return {"update": found}

    def stop_pipeline(self, identity: str, **_: Any) -> Answer:
        self._pipeline(identity)
        self.updates.stop(identity)
        return {}

    def list_events(self, identity: str, *, query: dict[str, str], **_: Any) -> Answer:
        self._pipeline(identity)
        if "page_token" in query and len(query) > 1:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", "page_token cannot be given with other fields.")
        return self.updates.page(identity, int(query.get("page_token", 0)), int(query.get("max_results", 25)))

    # Permissions, jobs, Unity Catalog

    def get_permissions(self, kind: str, identity: str, **_: Any) -> Answer:
        granted = [
            {
                **{name: value for name, value in permission.items() if name != "level"},
                "all_permissions": [{"permission_level": permission["level"], "inherited": False}],
            }
            for permission in self.permissions.get(f"{kind}/{identity}", [])
        ]
        admins = {"group_name": "admins", "all_permissions": [{"permission_level": "CAN_MANAGE", "inherited": True}]}
        return {"object_id": f"/{kind}/{identity}", "object_type": kind, "access_control_list": [*granted, admins]}

    def set_permissions(self, kind: str, identity: str, *, body: Answer, **_: Any) -> Answer:
        granted = [{**grant, "level": grant["permission_level"]} for grant in body.get("access_control_list", [])]
        if sum(grant["level"] == "IS_OWNER" for grant in granted) != 1:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", f"The {kind.removesuffix('s')} must have exactly one owner.")
        levels = {"CAN_VIEW", "CAN_MANAGE", "IS_OWNER", "CAN_RUN" if kind == "pipelines" else "CAN_MANAGE_RUN"}
        if not {grant["level"] for grant in granted} <= levels:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", "Permission type is not defined")
        self.permissions[f"{kind}/{identity}"] = [
            {name: value for name, value in grant.items() if name != "permission_level"} for grant in granted
        ]
        return self.get_permissions(kind, identity)

    def create_job(self, *, body: Answer, **_: Any) -> Answer:
        identity = self.new_number()
        self.jobs[identity] = {"job_id": identity, "settings": body}
        self.permissions[f"jobs/{identity}"] = [{"user_name": self.user["userName"], "level": "IS_OWNER"}]
        return {"job_id": identity}

    def reset_job(self, *, body: Answer, **_: Any) -> Answer:
        self._job(int(body["job_id"]))["settings"] = body["new_settings"]
        return {}

    def get_job(self, *, query: dict[str, str], **_: Any) -> Answer:
        return self._job(int(query["job_id"]))

    def list_jobs(self, *, query: dict[str, str], **_: Any) -> Answer:
        named = [job for job in self.jobs.values() if job["settings"]["name"].lower() == query["name"].lower()]
        return {"jobs": named}

    def delete_job(self, *, body: Answer, **_: Any) -> Answer:
        self._job(int(body["job_id"]))
        del self.jobs[int(body["job_id"])]
        return {}

    def _job(self, identity: int) -> Answer:
        if identity not in self.jobs:
            raise ApiError(400, "INVALID_PARAMETER_VALUE", f"Job {identity} does not exist.")
        return self.jobs[identity]

    def get_catalog(self, name: str, **_: Any) -> Answer:
        if name not in self.catalogs:
            raise ApiError(404, "CATALOG_DOES_NOT_EXIST", f"Catalog '{name}' does not exist.")
        return {"name": name}

    def get_schema(self, name: str, **_: Any) -> Answer:
        if name not in self.schemas:
            raise ApiError(404, "SCHEMA_DOES_NOT_EXIST", f"Schema '{name}' does not exist.")
        return {"full_name": name}

    def create_schema(self, *, body: Answer, **_: Any) -> Answer:
        name = f"{body['catalog_name']}.{body['name']}"
        if name in self.schemas:
            raise ApiError(409, "SCHEMA_ALREADY_EXISTS", f"Schema '{name}' already exists")
        self.schemas.add(name)
        return {"full_name": name}

    def get_table(self, name: str, **_: Any) -> Answer:
        if name not in self.tables:
            raise ApiError(404, "TABLE_DOES_NOT_EXIST", f"Table '{name}' does not exist.")
        return {"full_name": name, "owner": self.owners.get(name, ANN)}

    def update_table(self, name: str, *, body: Answer, **_: Any) -> Answer:
        if body["owner"] not in self.principals:
            reason = f"Could not find principal with name {body['owner']}"
            raise ApiError(404, "PRINCIPAL_DOES_NOT_EXIST", reason)
        self.owners[name] = body["owner"]
        return self.get_table(name)

    def create_tag(self, *, body: Answer, **_: Any) -> Answer:
        tags = self._tags(body["entity_type"], body["entity_name"])
        if body["tag_key"] in tags:
            raise ApiError(409, "ALREADY_EXISTS", f"Tag assignment with key '{body['tag_key']}' already exists")
        tags[body["tag_key"]] = body.get("tag_value", "")
        return body

    def update_tag(self, kind: str, name: str, key: str, *, body: Answer, **_: Any) -> Answer:
        tags = self._tags(kind, unquote(name))
        if unquote(key) not in tags:
            raise ApiError(404, "NOT_FOUND", f"Tag assignment with key '{key}' does not exist")
        tags[unquote(key)] = body.get("tag_value", "")
        return body

    def delete_tag(self, kind: str, name: str, key: str, **_: Any) -> Answer:
        if self._tags(kind, unquote(name)).pop(unquote(key), None) is None:
            raise ApiError(404, "NOT_FOUND", f"Tag assignment with key '{key}' does not exist")
        return {}

    def _tags(self, kind: str, name: str) -> dict[str, str]:
        table = name if kind == "tables" else name.rpartition(".")[0]
        if table not in self.tables:
            raise ApiError(404, "TABLE_DOES_NOT_EXIST", f"Table '{table}' does not exist.")
        return self.tags.setdefault(f"{kind} {name}", {})

    def who_am_i(self, **_: Any) -> Answer:
        return {"id": "1", "active": True, **self.user}

    def tell_of_itself(self, **_: Any) -> Answer:
        return {"oidc_endpoint": f"{self.host}/oidc", "account_id": "0", "workspace_id": "1", "cloud": "AWS"}

    def tell_of_oidc(self, **_: Any) -> Answer:
        return {
            "authorization_endpoint": f"{self.host}/oidc/v1/authorize",
            "token_endpoint": f"{self.host}/oidc/v1/token",
        }

    def under(self, path: str) -> Iterator[tuple[str, Stored]]:
        """The objects below a folder, or the one object that a path names."""
        plain = _plain(path)
        yield from (
            (child, stored)
            for child, stored in sorted(self.objects.items())
            if child == plain or child.startswith(f"{plain}/")
        )


def _plain(path: str) -> str:
    """``/Workspace`` before a path says nothing."""
    return path.removeprefix("/Workspace")


_FILES, _PIPELINES, _UNITY = "/api/2.0/workspace", "/api/2.0/pipelines", "/api/2.1/unity-catalog"
_ENDPOINTS: dict[tuple[str, str], Callable[..., Answer]] = {
    ("GET", r"/\.well-known/databricks-config"): WorkspaceApi.tell_of_itself,
    ("GET", r"/oidc/\.well-known/oauth-authorization-server"): WorkspaceApi.tell_of_oidc,
    ("GET", "/api/2.0/preview/scim/v2/Me"): WorkspaceApi.who_am_i,
    ("POST", f"{_FILES}/import"): WorkspaceApi.import_object,
    ("GET", f"{_FILES}/export"): WorkspaceApi.export_object,
    ("POST", f"{_FILES}/mkdirs"): WorkspaceApi.make_folders,
    ("GET", f"{_FILES}/list"): WorkspaceApi.list_objects,
    ("POST", f"{_FILES}/delete"): WorkspaceApi.delete_object,
    ("POST", _PIPELINES): WorkspaceApi.create_pipeline,
    ("GET", _PIPELINES): WorkspaceApi.list_pipelines,
    ("GET", f"{_PIPELINES}/([^/]+)"): WorkspaceApi.get_pipeline,
    ("PUT", f"{_PIPELINES}/([^/]+)"): WorkspaceApi.update_pipeline,
    ("POST", f"{_PIPELINES}/([^/]+)/updates"): WorkspaceApi.start_update,
    ("GET", f"{_PIPELINES}/([^/]+)/updates/([^/]+)"): WorkspaceApi.get_update,
    ("POST", f"{_PIPELINES}/([^/]+)/stop"): WorkspaceApi.stop_pipeline,
    ("GET", f"{_PIPELINES}/([^/]+)/events"): WorkspaceApi.list_events,
    ("GET", "/api/2.0/permissions/([^/]+)/([^/]+)"): WorkspaceApi.get_permissions,
    ("PUT", "/api/2.0/permissions/([^/]+)/([^/]+)"): WorkspaceApi.set_permissions,
    ("POST", "/api/2.2/jobs/create"): WorkspaceApi.create_job,
    ("POST", "/api/2.2/jobs/reset"): WorkspaceApi.reset_job,
    ("GET", "/api/2.2/jobs/get"): WorkspaceApi.get_job,
    ("GET", "/api/2.2/jobs/list"): WorkspaceApi.list_jobs,
    ("POST", "/api/2.2/jobs/delete"): WorkspaceApi.delete_job,
    ("GET", f"{_UNITY}/catalogs/([^/]+)"): WorkspaceApi.get_catalog,
    ("GET", f"{_UNITY}/schemas/([^/]+)"): WorkspaceApi.get_schema,
    ("POST", f"{_UNITY}/schemas"): WorkspaceApi.create_schema,
    ("GET", f"{_UNITY}/tables/([^/]+)"): WorkspaceApi.get_table,
    ("PATCH", f"{_UNITY}/tables/([^/]+)"): WorkspaceApi.update_table,
    ("POST", f"{_UNITY}/entity-tag-assignments"): WorkspaceApi.create_tag,
    ("PATCH", f"{_UNITY}/entity-tag-assignments/([^/]+)/([^/]+)/tags/([^/]+)"): WorkspaceApi.update_tag,
    ("DELETE", f"{_UNITY}/entity-tag-assignments/([^/]+)/([^/]+)/tags/([^/]+)"): WorkspaceApi.delete_tag,
}
