"""Simulated vendors that can be cloned: a fork of their process goes on from where they stand, on a port of its own.

``python -m tests.faults.worlds --now ISO`` prints ``ready URL`` and serves one world; ``POST /_clone`` answers with the
``url`` and ``pid`` of a copy, which can be cloned in its turn and ends with whom it was cloned from.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
from typing import Any

import orjson
import requests
import uvicorn
from starlette.types import Receive, Scope, Send

from instep.vendors import INTERCOM_TOKEN, PROVISIONER_SECRET, STRIPE_KEY
from sandbox import fixtures
from sandbox.__main__ import _listen, application
from sandbox.app import Front
from sandbox.control import LIMITS, moment
from sandbox.stripe.http import service
from sandbox.world import World

JSON = dict[str, Any]
_PARENT_DEATH = 1


class Clonable:
    """The sandbox, and ``POST /_clone``."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/_clone":
            await self._front(scope, receive, send)
            return
        await receive()
        answer = orjson.dumps(self._clone())
        headers = [(b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _clone(self) -> JSON:
        listener = _listen(0)
        pid = os.fork()
        if not pid:
            # We are deep inside the loop that was copied: it is left as it lies, and this process never returns to it.
            ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
            asyncio.events._set_running_loop(None)
            os.closerange(3, listener.fileno())
            os.closerange(listener.fileno() + 1, 4096)
            self.serve(listener)
            os._exit(0)
        port = listener.getsockname()[1]
        listener.close()
        return {"url": f"http://127.0.0.1:{port}", "pid": pid}

    def serve(self, listener: socket.socket) -> None:
        service(self._front.world).account.pages = f"http://127.0.0.1:{listener.getsockname()[1]}/pay"
        config = uvicorn.Config(self, access_log=False, log_level="critical", lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
    world = World(moment(sys.argv[sys.argv.index("--now") + 1]))
    world.limits = dict.fromkeys(LIMITS, 0)
    fixtures.seed(world, 0)
    listener = _listen(0)
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    Clonable(application(world)).serve(listener)


class Worlds:
    """A running world at ``url``: the first one (``start``), or a clone of one."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid

    @classmethod
    def start(cls, now: str) -> Worlds:
        command = [sys.executable, "-m", "tests.faults.worlds", "--now", now]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        word, url = process.stdout.readline().split()
        assert word == "ready"
        first = cls(url, process.pid)
        first._process = process  # type: ignore[attr-defined]
        return first

    def clone(self) -> Worlds:
        made = requests.post(f"{self.url}/_clone", timeout=30).json()
        return Worlds(made["url"], made["pid"])

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        if process := getattr(self, "_process", None):
            process.wait(10)
            process.stdout.close()

    def environment(self, product: str, state: str) -> dict[str, str]:
        """As instep.vendors.Vendors."""
        return {
            "INSTEP_PRODUCT_URL": product, "INSTEP_STATE_URL": state, "STRIPE_API_KEY": STRIPE_KEY,
            "STRIPE_API_BASE": f"{self.url}/stripe", "INTERCOM_ACCESS_TOKEN": INTERCOM_TOKEN,
            "INTERCOM_API_BASE": f"{self.url}/intercom", "PROVISIONER_URL": f"{self.url}/provisioner",
            "PROVISIONER_SECRET": PROVISIONER_SECRET,
        }  # fmt: skip


if __name__ == "__main__":
    main()
