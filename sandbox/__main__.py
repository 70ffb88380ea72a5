"""``python -m sandbox``: the simulated vendors as one process on one loopback port."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from typing import Any

import uvicorn
from starlette.routing import Mount
from starlette.types import ASGIApp

from sandbox import fixtures, hooks, intercom, provisioner, stripe
from sandbox.app import Front
from sandbox.control import LIMITS, control, moment
from sandbox.stripe.http import service
from sandbox.world import World

VENDORS: dict[str, Any] = {"stripe": stripe, "intercom": intercom, "provisioner": provisioner, "hooks": hooks}


def application(world: World) -> Front:
    """All vendors and their controls over one world."""
    controls = control(world)
    for name, vendor in VENDORS.items():
        controls.router.routes.append(Mount(f"/_sandbox/{name}", vendor.control(world)))
    controls.router.routes.append(Mount("/pay", stripe.pages(world)))
    vendors: dict[str, ASGIApp] = {name: vendor.build(world) for name, vendor in VENDORS.items()}
    return Front(world, vendors, controls)


def main(arguments: list[str] | None = None) -> None:
    """Prints ``ready http://127.0.0.1:PORT`` once it listens; ends on SIGTERM or SIGINT."""
    options = _parser().parse_args(arguments)
    world = World(moment(options.now) if options.now else None, options.seed)
    if options.limits == "off":
        world.limits = dict.fromkeys(LIMITS, 0)
    service(world).key = options.stripe_key
    listener = _listen(options.port)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    service(world).account.pages = f"{url}/pay"
    fixtures.seed(world, options.accounts)
    sys.stdout.write(f"ready {url}\n")
    sys.stdout.flush()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    config = uvicorn.Config(
        application(world),
        access_log=False,
        log_level="error",
        lifespan="off",
        timeout_graceful_shutdown=1,
        date_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _end(number: int, frame: Any) -> None:
    """uvicorn shuts down first, then raises the signal again for us."""
    raise SystemExit(0)


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio sets TCP_NODELAY only on sockets that name it: 40 ms a call otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox", description="Simulated Stripe, Intercom, provisioner and hooks.")
    parser.add_argument("--port", type=int, default=8400, help="0 picks a free one")
    parser.add_argument("--now", help="freeze the clock at this ISO instant or unix second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accounts", type=int, default=0, help="how many Stripe customers to start with")
    parser.add_argument("--limits", choices=["on", "off"], default="on")
    parser.add_argument("--stripe-key", default="sk_test_sandbox")
    return parser


if __name__ == "__main__":
    main()
