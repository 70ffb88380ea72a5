"""`instep door`: the billing pages and ``/health`` over HTTP, to be put behind a proxy that speaks https."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs

from cyclopts import Parameter

from instep.screen import say

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from flows.door import Door

LONGEST_BODY = 4096


def door(
    *,
    host: Annotated[str, Parameter(help="Where to listen; a proxy with https stands before it.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="0 picks a free one.")] = 8300,
) -> int:
    """Serve the billing pages behind people's links, until Ctrl-C."""
    import socket

    import uvicorn

    from flows.door import Door, DoorSettings
    from flows.settings import Failed, settings_of

    opened = Door(lambda: settings_of(DoorSettings))
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise Failed(f"The door cannot listen on {host}:{port} ({error.strerror}): choose --host and --port.") from None
    at = f"http://{host}:{listener.getsockname()[1]}"
    say(f"The door listens on {at} for {opened.tickets.base}/billing/...")
    # Paths hold links, so there is no access log.
    config = uvicorn.Config(
        application(opened), access_log=False, log_level="error", lifespan="off", server_header=False,
        limit_concurrency=100, timeout_graceful_shutdown=5,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def application(opened: Door) -> Starlette:
    """``GET /health``, ``GET`` and ``POST /billing/{token}``."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
    from starlette.routing import Route

    from flows.door import Unavailable
    from instep import pages

    headers = _headers(pages.STYLE, opened.tickets.base)
    gone = pages.message("Nothing here", pages.GONE)
    later = pages.message("One moment, please", "This page cannot be shown right now. Please try again in a minute.")

    def answer(text: str, status: int = 200) -> Response:
        return HTMLResponse(text, status, headers)

    async def health(request: Request) -> Response:
        well = await run_in_threadpool(opened.healthy)
        return PlainTextResponse("ok\n" if well else "the state cannot be read\n", 200 if well else 503)

    async def show(request: Request) -> Response:
        token = request.path_params["token"]
        try:
            if request.method == "POST":
                return await press(request, token)
            page = await run_in_threadpool(opened.page, token)
        except Unavailable:
            return answer(later, 503)
        return answer(pages.billing(page)) if page else answer(gone, 404)

    async def press(request: Request, token: str) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_BODY:
                return answer(gone, 413)
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        to = await run_in_threadpool(opened.press, token, form.get("seen", ""), form.get("plan", ""))
        return RedirectResponse(to, 303, headers) if to else answer(gone, 404)

    return Starlette(routes=[Route("/health", health), Route("/billing/{token}", show, methods=["GET", "POST"])])


def _headers(style: str, base: str) -> dict[str, str]:
    """Nothing is kept, followed, framed or run. Browsers hold the redirect after a form to form-action too."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    leads = "'self' https:" if base.startswith("https:") else "'self' https: http:"
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action {leads}; frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
    }  # fmt: skip
