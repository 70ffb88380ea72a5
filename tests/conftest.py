"""What every test folder may use."""

import os
import tempfile

pytest_plugins = ["postgres"]

# Before anything imports Prefect: a stray flow call fails at once, and nothing is sent or stored outside the tests.
prefect_home = tempfile.TemporaryDirectory(prefix="instep-prefect-", ignore_cleanup_errors=True)
os.environ.pop("PREFECT_API_URL", None)
os.environ |= {
    "PREFECT_HOME": prefect_home.name,
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
