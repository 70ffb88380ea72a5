"""The sandbox as a process of its own: started, spoken to, stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from tempfile import TemporaryFile
from threading import current_thread, main_thread
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

STRIPE_KEY = "sk_test_sandbox"
INTERCOM_TOKEN = "tok_sandbox"  # noqa: S105
# What the simulated provisioner signs with: whsec_ and base64 of "sandbox-provisioner-shared-key".
PROVISIONER_SECRET = "whsec_c2FuZGJveC1wcm92aXNpb25lci1zaGFyZWQta2V5"  # noqa: S105
PATIENCE = 60


class Vendors:
    """Simulated Stripe, Intercom and provisioner on one loopback port, for as long as the ``with`` lasts.

    ``url`` raises Failed when the process does not come up (a port in use).
    """

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "sandbox", *arguments]
        self._port = dict(pairwise(arguments)).get("--port", "")
        # A file, not a pipe: nobody reads it while the process runs, and a full pipe would stop it.
        self._complaints = TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._complaints, text=True)  # noqa: S603

    @cached_property
    def url(self) -> str:
        """Waits for the process to listen."""
        said = self._process.stdout
        word, _, url = (said.readline() if said else "").strip().partition(" ")
        if word == "ready":
            return url
        from flows.settings import Failed

        self._process.wait(PATIENCE)
        self._complaints.seek(0)
        last = self._complaints.read().decode().strip().rpartition("\n")[2]
        if "address already in use" in last.casefold():
            raise Failed(f"Port {self._port} is in use: choose another with --port.")
        raise Failed(f"The sandbox did not start ({last}). Look at --port and --now.")

    def __enter__(self) -> Vendors:
        # Ended from outside, this process still stops the other one.
        if current_thread() is main_thread():
            self._before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._complaints.close()
        if current_thread() is main_thread():
            signal.signal(signal.SIGTERM, self._before)

    def wait(self) -> int:
        """Until the process ends by itself."""
        return self._process.wait()

    def environment(self, product: str, state: str) -> dict[str, str]:
        """The settings that a project needs to work with this sandbox."""
        return {
            "INSTEP_PRODUCT_URL": product,
            "INSTEP_STATE_URL": state,
            "STRIPE_API_KEY": STRIPE_KEY,
            "STRIPE_API_BASE": f"{self.url}/stripe",
            "INTERCOM_ACCESS_TOKEN": INTERCOM_TOKEN,
            "INTERCOM_API_BASE": f"{self.url}/intercom",
            "PROVISIONER_URL": f"{self.url}/provisioner",
            "PROVISIONER_SECRET": PROVISIONER_SECRET,
        }

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The sandbox's own controls: the clock, a card, a bank's answer."""
        content = json.dumps(body).encode() if body is not None else None
        return self._call(Request(f"{self.url}/_sandbox{path}", content, method=method))  # noqa: S310

    def stripe(self, method: str, path: str, fields: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> Any:
        """What somebody does in Stripe's dashboard or checkout."""
        content = urlencode(fields).encode() if fields else None
        headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
        return self._call(Request(f"{self.url}/stripe{path}", content, headers, method=method))  # noqa: S310

    def _call(self, request: Request) -> Any:
        try:
            with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            from flows.settings import Failed

            why = _why(error) or f"{request.method} {request.selector} answered {error.code}"
            raise Failed(f"The simulated vendors refuse this: {why.rstrip('.')}.") from None


def _why(error: HTTPError) -> str:
    """The vendor's own words, where it has some."""
    try:
        said = json.load(error)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(said.get("message", "") if isinstance(said, dict) else said)
