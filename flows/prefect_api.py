"""Where Prefect's API is, as Prefect itself finds it: the environment, ``.env``, ``prefect config set``."""

from __future__ import annotations

from connectors.prefect import PrefectApi, PrefectSettings
from flows.settings import Misuse


def configured() -> bool:
    """Whether an API is set."""
    from prefect.settings import get_current_settings

    return bool(get_current_settings().api.url)


def prefect_api(system: str, deployment: str) -> PrefectApi:
    """For one deployment, named ``flow/deployment``. Raises Misuse where no API is set."""
    from prefect.settings import get_current_settings

    api = get_current_settings().api
    if not api.url:
        raise Misuse(
            f"The deployment {deployment} is run by Prefect, but PREFECT_API_URL is not set. Set it, or run "
            "`prefect config set PREFECT_API_URL=http://127.0.0.1:4200/api`."
        )
    key = None if api.auth_string else api.key
    return PrefectApi(system, deployment, PrefectSettings(api.url, key, api.auth_string))
