"""A sandbox as a process of its own, seen from outside: its controls, its ledger, and hands in the vendors' pages."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import requests

START = 1_795_338_000  # 2026-11-22T09:00:00Z
MINUTE, HOUR, DAY = 60, 3600, 86400
KEY, TOKEN = "sk_test_sandbox", "tok_sandbox"
JSON = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call as the vendor booked it. ``write``: no read, whatever its method; ``effect`` is empty where nothing
    changed."""

    system: str
    method: str
    path: str
    params: Any
    status: int
    effect: str
    object_id: str
    fault: str
    write: bool

    @property
    def line(self) -> str:
        return f"{self.system} {self.method} {self.path}"


class Vendors:
    """The process at ``url``."""

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.url, self._process, self._http = url, process, requests.Session()
        self.town = ""

    @classmethod
    def start(cls) -> Vendors:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--now", str(START), "--limits", "off"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        word, url = process.stdout.readline().split()
        assert word == "ready"
        return cls(url, process)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, f"{self.url}/_sandbox{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stripe(self, method: str, path: str, **params: Any) -> JSON:
        """What a teammate does in Stripe's pages: booked like any other call."""
        where = "params" if method == "GET" else "data"
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = self._http.request(method, f"{self.url}/stripe{path}", headers=headers, timeout=10, **{where: params})
        assert answer.status_code == 200, answer.text
        found: JSON = answer.json()
        return found

    def forget_installations(self) -> None:
        """Nobody keeps this workspace: towns that share vendors are not to see each other."""
        for row in self.control("GET", "/intercom/hand/data_attributes")["data"]:
            text = str(row.get("description") or "")
            if " (Instep installation " in text:
                path = f"/intercom/hand/data_attributes/{row['id']}"
                self.control("PUT", path, {"description": text.partition(" (Instep installation ")[0]})

    @property
    def now(self) -> int:
        return int(self.control("GET", "/state")["now"])

    def advance(self, seconds: int) -> int:
        return int(self.control("POST", "/clock", {"advance": seconds})["now"])

    def move_to(self, moment: int) -> int:
        return int(self.control("POST", "/clock", {"now": str(moment)})["now"])

    @property
    def mark(self) -> int:
        """The end of the ledger; ``since`` takes it."""
        return int(self.control("GET", "/state")["calls"])

    def since(self, mark: int) -> list[Call]:
        names = Call.__dataclass_fields__
        return [Call(**{name: row[name] for name in names}) for row in self.control("GET", f"/ledger?since={mark}")]

    def writes(self, mark: int) -> list[Call]:
        return [call for call in self.since(mark) if call.write]

    def effects(self, mark: int) -> list[str]:
        """What really changed, as ``effect object``."""
        return [f"{call.effect} {call.object_id}" for call in self.since(mark) if call.effect]

    def fault(self, action: str, system: str, method: str = "", path: str = "", times: int = 1, arg: float = 0) -> None:
        rule = {"action": action, "system": system, "method": method, "path": path, "times": times, "arg": arg}
        self.control("POST", "/faults", [rule])

    def heal(self) -> None:
        self.control("DELETE", "/faults")

    def provisioner(self, **settings: Any) -> JSON:
        found: JSON = self.control("PUT", "/provisioner/settings", settings)
        return found
