"""The web application, made of its parts; nothing is fetched from the environment."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from lora_registry.domain.access import Viewer
from lora_registry.domain.mapcoverage import MapTruth
from lora_registry.ports import IdentityProvider, Provisioning
from lora_registry.settings import Settings
from lora_registry.web.answers import Guard
from lora_registry.web.api import routes as api
from lora_registry.web.city_map import MapCache
from lora_registry.web.drafts import Drafts
from lora_registry.web.finding_cache import FindingCache
from lora_registry.web.fleet import FleetCache
from lora_registry.web.gateway_cache import GatewayCache
from lora_registry.web.network_reading import NetworkReading
from lora_registry.web.pages import (
    account,
    accounts,
    adopt,
    adopt_apply,
    adopt_rules,
    changes,
    city,
    coverage,
    covered,
    devices,
    exports,
    failures,
    findings,
    home,
    inventory,
    leave,
    moves,
    onboard,
    onboard_follow,
    onboard_label,
    onboard_one,
    open_data,
    review,
    schedule,
    site_map,
    status,
)
from lora_registry.web.pages import identity as identity_pages
from lora_registry.web.rate import Limits, Rates
from lora_registry.web.rendering import environment
from lora_registry.web.site import Site
from lora_registry.web.static_files import static_files
from lora_registry.web.visits import new_token

ROUTERS = (
    home.router,
    city.router,
    coverage.router,
    covered.router,
    devices.router,
    findings.router,
    inventory.router,
    exports.router,
    account.router,
    accounts.router,
    identity_pages.router,
    leave.router,
    review.router,
    adopt.router,
    adopt_apply.router,
    adopt_rules.router,
    changes.router,
    moves.router,
    onboard.router,
    onboard_one.router,
    onboard_label.router,
    onboard_follow.router,
    open_data.router,
    schedule.router,
    site_map.router,
    status.router,
    api.router,
    api.open_router,
)
_API_VERSION = "1"
_SMALLEST_PACKED = 600
_LISTS_S, _MAPS_S = 60.0, 600.0


def application(
    engine: Engine,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    identity: IdentityProvider | None = None,
    network_server: Callable[[], AbstractContextManager[Provisioning | None]] = nullcontext,
    visitor: Viewer | None = None,
    truth: Callable[[], MapTruth | None] = lambda: None,
    limits: Limits | None = None,
    fresh: bool = False,
) -> FastAPI:
    """Return the application without its outer layers.

    `visitor` is whom everybody is taken for, in a demonstration on this machine, and `truth` what is
    known of its simulated city only. `fresh` keeps nothing from one
    request to the next, for tests and very small registries.
    """
    static = static_files()
    app = FastAPI(
        title="lora-registry",
        version=_API_VERSION,
        description="Read-only access to what one's organisation may see.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.site = Site(
        engine=engine,
        settings=settings,
        clock=clock,
        fleet=FleetCache(engine, refresh_s=0 if fresh else _LISTS_S),
        maps=MapCache(
            engine, settings, refresh_s=0 if fresh else _MAPS_S, simulated=visitor is not None, truth=truth
        ),
        findings=FindingCache(),
        gateways=GatewayCache(engine, refresh_s=0 if fresh else _MAPS_S),
        network=NetworkReading(engine, settings, clock),
        static=static,
        templates=environment(static),
        rates=Rates(limits or Limits()),
        identity=identity,
        network_server=network_server,
        drafts=Drafts(),
        visitor=visitor,
        visitor_token=new_token(),
    )
    for router in ROUTERS:
        app.include_router(router)
    failures.attach(app)
    return app


def guarded(app: FastAPI) -> ASGIApp:
    """Return the application as it is served: compressed, with its headers, for its own host names only."""
    site: Site = app.state.site
    return Guard(
        GZipMiddleware(app, minimum_size=_SMALLEST_PACKED, compresslevel=5), public_url=site.settings.public_url
    )
