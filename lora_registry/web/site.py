"""What every page works with, made once for the application."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import jinja2
from sqlalchemy import Engine
from starlette.requests import Request

from lora_registry.domain.access import Viewer
from lora_registry.ports import IdentityProvider, Provisioning
from lora_registry.settings import Settings
from lora_registry.web.city_map import MapCache
from lora_registry.web.drafts import Drafts
from lora_registry.web.finding_cache import FindingCache
from lora_registry.web.fleet import FleetCache
from lora_registry.web.gateway_cache import GatewayCache
from lora_registry.web.network_reading import NetworkReading
from lora_registry.web.rate import Rates
from lora_registry.web.static_files import StaticFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The parts of one running application."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    fleet: FleetCache
    maps: MapCache
    findings: FindingCache
    gateways: GatewayCache
    network: NetworkReading
    static: StaticFiles
    templates: jinja2.Environment
    rates: Rates
    identity: IdentityProvider | None
    """Who says who people are; None: only passwords do."""
    network_server: Callable[[], AbstractContextManager[Provisioning | None]]
    """Yields what writes to the network server, where that is switched on."""
    drafts: Drafts
    visitor: Viewer | None
    """Whom everybody on this machine is taken for; None: people sign in."""
    visitor_token: str
    """What that visitor's forms carry."""

    def changed_by(self, organisation: str) -> None:
        """Show in lists and maps what an organisation has just said: to its own people at once."""
        self.fleet.renew()
        self.maps.expire(organisation)

    @property
    def alone(self) -> bool:
        """True when one organisation uses the registry."""
        return bool(self.settings.organisation)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown."""
        return ZoneInfo(self.settings.timezone)

    @property
    def secure(self) -> bool:
        """True when people come over https."""
        return bool(self.settings.public_url)


def site_of(request: Request) -> Site:
    """Return the site that a request came to."""
    site: Site = request.app.state.site
    return site
