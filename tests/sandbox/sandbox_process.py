"""A sandbox as a process of its own, and the ways to talk to it."""

import subprocess
import sys

import requests
import stripe

START = 1_795_338_000  # 2026-11-22T09:00:00Z
HOUR = 3600
DAY = 24 * HOUR
KEY = "sk_test_sandbox"


class Sandbox:
    """The process at ``url``; Stripe by raw requests or by the SDK, and the controls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.sdk = stripe.StripeClient(KEY, base_addresses={"api": f"{url}/stripe"}, max_network_retries=0)

    def raw(self, method, path, params=None, *, key=None, headers=None, auth=KEY):
        sent = {"Authorization": f"Bearer {auth}"} | (headers or {}) | ({"Idempotency-Key": key} if key else {})
        where = "params" if method == "GET" else "data"
        return self.http.request(method, f"{self.url}/stripe{path}", headers=sent, timeout=10, **{where: params or {}})

    def get(self, path, **params):
        return self.raw("GET", path, params).json()

    def post(self, path, params=None, **more):
        answer = self.raw("POST", path, params, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, method, path, params=None, **more):
        answer = self.raw(method, path, params, **more)
        return answer.status_code, answer.json()["error"]

    def control(self, method, path, body=None):
        answer = self.http.request(method, f"{self.url}/_sandbox{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def now(self):
        return self.control("GET", "/state")["now"]

    def advance(self, seconds):
        return self.control("POST", "/clock", {"advance": seconds})["now"]

    def customer(self, *, card=None, **params):
        made = self.post("/v1/customers", params or {"email": "someone@example.com"})
        if card:
            self.control("POST", f"/stripe/customers/{made['id']}/card", {"outcome": card})
        return made

    def subscribe(self, customer, price="price_pro_monthly", **params):
        return self.post("/v1/subscriptions", {"customer": customer["id"], "items[0][price]": price} | params)

    def subscription(self, sub):
        return self.get(f"/v1/subscriptions/{sub['id']}")

    def events(self, customer, since=0):
        """Types of the customer's events, oldest first."""
        return [event["type"] for event in self.event_list(customer, since)]

    def event_list(self, customer, since=0):
        found, params = [], {"limit": 100, "created[gte]": since}
        while True:
            page = self.get("/v1/events", **params)
            found += page["data"]
            if not page["has_more"]:
                break
            params["starting_after"] = page["data"][-1]["id"]
        about = [e for e in found if customer["id"] in (e["data"]["object"].get("customer"), e["data"]["object"]["id"])]
        return about[::-1]

    def last_write(self):
        return self.control("GET", "/ledger?writes=1")[-1]


def start(*arguments) -> tuple[subprocess.Popen, str]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--now", str(START), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    word, url = process.stdout.readline().split()
    assert word == "ready"
    return process, url
