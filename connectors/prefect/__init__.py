"""Prefect's REST API: deployments that the team's own steps and product instances run in."""

from connectors.prefect.client import PrefectApi, PrefectSettings
from connectors.prefect.instances import DeployedInstances
from connectors.prefect.runs import DeploymentRuns

__all__ = ["DeployedInstances", "DeploymentRuns", "PrefectApi", "PrefectSettings"]
