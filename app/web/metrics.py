"""/metrics: measurements for Prometheus; for the LAN, and for whoever has the token, by TLS.

The library that writes them is loaded when the first one asks.
"""

import asyncio
import hashlib
import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.errors import SwitchhookError
from app.net.peers import Networks
from app.operations.measurements import (
    Measurement,
    ask_services,
    measure_files,
    measure_services,
    measure_store,
)
from app.web.config import WebConfig
from app.web.web import Web

PATH = "/metrics"


def routes(web: Web) -> list[Route]:
    """The one address."""
    lan = Networks(web.config.lan)

    async def metrics(request: Request) -> Response:
        if not web.config.metrics:
            raise HTTPException(404)
        if not _may_read(request, web.config, lan):
            raise HTTPException(
                401,
                "Measurements are for the box's own network, and by TLS for whoever has the token.",
                {"www-authenticate": "Bearer"},
            )
        from app.monitoring.exposition import CONTENT_TYPE, exposition

        text = exposition(await _measurements(web))
        return Response(text, headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})

    return [Route(PATH, metrics)]


async def _measurements(web: Web) -> list[Measurement]:
    answers = await asyncio.to_thread(ask_services, web.paths)
    found = [*measure_services(answers), *measure_files(web.paths)]
    try:
        found += await web.do(measure_store, web.paths)
    except SwitchhookError:  # what is known without the store is told all the same
        found.append(Measurement("store_readable", _READABLE, "gauge", [({}, 0.0)]))
    else:
        found.append(Measurement("store_readable", _READABLE, "gauge", [({}, 1.0)]))
    return found


_READABLE = "Whether the store can be read."


def _may_read(request: Request, config: WebConfig, lan: Networks) -> bool:
    if request.client is not None and request.client.host in lan:
        return True
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if request.url.scheme != "https" or scheme.lower() != "bearer" or not config.metrics_token:
        return False
    told = hashlib.sha256(token.strip().encode()).hexdigest()
    return hmac.compare_digest(told, config.metrics_token)
