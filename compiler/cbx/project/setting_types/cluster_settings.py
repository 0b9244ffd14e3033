"""The compute of a pipeline, with the names of the bundle schema."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from cbx.project.setting_types.settings_table import SettingsTable, Texts, Word


class ClusterAutoscale(SettingsTable):
    """``autoscale`` of a cluster."""

    min_workers: int = Field(ge=0)
    max_workers: int = Field(ge=1)
    mode: Literal["ENHANCED", "LEGACY"] | None = None

    @model_validator(mode="after")
    def _grows(self) -> ClusterAutoscale:
        if self.max_workers <= self.min_workers:
            raise ValueError("`max_workers` should be larger than `min_workers`")
        return self


class AwsAttributes(SettingsTable):
    """``aws_attributes`` of a cluster."""

    availability: Literal["SPOT", "ON_DEMAND", "SPOT_WITH_FALLBACK"] | None = None
    ebs_volume_count: int | None = None
    ebs_volume_iops: int | None = None
    ebs_volume_size: int | None = None
    ebs_volume_throughput: int | None = None
    ebs_volume_type: Literal["GENERAL_PURPOSE_SSD", "THROUGHPUT_OPTIMIZED_HDD"] | None = None
    first_on_demand: int | None = None
    instance_profile_arn: Word | None = None
    spot_bid_price_percent: int | None = None
    zone_id: Word | None = None


class LogAnalyticsInfo(SettingsTable):
    """``log_analytics_info`` of a cluster on Azure."""

    log_analytics_primary_key: Word | None = None
    log_analytics_workspace_id: Word | None = None


class AzureAttributes(SettingsTable):
    """``azure_attributes`` of a cluster."""

    availability: Literal["SPOT_AZURE", "ON_DEMAND_AZURE", "SPOT_WITH_FALLBACK_AZURE"] | None = None
    capacity_reservation_group: Word | None = None
    first_on_demand: int | None = None
    log_analytics_info: LogAnalyticsInfo | None = None
    spot_bid_max_price: float | None = None


class GcpAttributes(SettingsTable):
    """``gcp_attributes`` of a cluster."""

    availability: Literal["PREEMPTIBLE_GCP", "ON_DEMAND_GCP", "PREEMPTIBLE_WITH_FALLBACK_GCP"] | None = None
    boot_disk_size: int | None = None
    confidential_compute_type: Literal["CONFIDENTIAL_COMPUTE_TYPE_NONE", "SEV_SNP"] | None = None
    first_on_demand: int | None = None
    google_service_account: Word | None = None
    local_ssd_count: int | None = None
    zone_id: Word | None = None


class StorageFolder(SettingsTable):
    """A file or folder of logs or scripts."""

    destination: Word


class S3Folder(SettingsTable):
    """A file or folder in S3."""

    destination: Word
    canned_acl: Word | None = None
    enable_encryption: bool | None = None
    encryption_type: Word | None = None
    endpoint: Word | None = None
    kms_key: Word | None = None
    region: Word | None = None


class ClusterLogConf(SettingsTable):
    """``cluster_log_conf`` of a cluster: one place."""

    dbfs: StorageFolder | None = None
    s3: S3Folder | None = None
    volumes: StorageFolder | None = None

    @model_validator(mode="after")
    def _is_one_place(self) -> ClusterLogConf:
        _require_one(self)
        return self


class InitScript(SettingsTable):
    """One of ``init_scripts`` of a cluster: one place."""

    abfss: StorageFolder | None = None
    dbfs: StorageFolder | None = None
    file: StorageFolder | None = None
    gcs: StorageFolder | None = None
    s3: S3Folder | None = None
    volumes: StorageFolder | None = None
    workspace: StorageFolder | None = None

    @model_validator(mode="after")
    def _is_one_place(self) -> InitScript:
        _require_one(self)
        return self


class PipelineCluster(SettingsTable):
    """One of ``clusters``."""

    label: Literal["default", "updates", "maintenance"] | None = None
    num_workers: int | None = Field(None, ge=0)
    autoscale: ClusterAutoscale | None = None
    node_type_id: Word | None = None
    driver_node_type_id: Word | None = None
    instance_pool_id: Word | None = None
    driver_instance_pool_id: Word | None = None
    policy_id: Word | None = None
    apply_policy_default_values: bool | None = None
    spark_conf: Texts | None = None
    spark_env_vars: Texts | None = None
    custom_tags: Texts | None = None
    init_scripts: tuple[InitScript, ...] | None = Field(None, strict=False)
    cluster_log_conf: ClusterLogConf | None = None
    enable_local_disk_encryption: bool | None = None
    ssh_public_keys: tuple[Word, ...] | None = Field(None, strict=False)
    aws_attributes: AwsAttributes | None = None
    azure_attributes: AzureAttributes | None = None
    gcp_attributes: GcpAttributes | None = None

    @model_validator(mode="after")
    def _has_one_size(self) -> PipelineCluster:
        if self.num_workers is not None and self.autoscale is not None:
            raise ValueError("a cluster has either `num_workers` or `autoscale`")
        return self


def _require_one(table: SettingsTable) -> None:
    if len(table.model_fields_set) != 1:
        names = ", ".join(f"`{name}`" for name in type(table).model_fields)
        raise ValueError(f"exactly one of {names} is needed")
