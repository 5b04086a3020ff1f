"""A simulated town of two gateways, seen as of any instant: what the search for causes is tried on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lora_registry.audit.cause_evidence import Devices, Links
from lora_registry.domain.cadence import ALERT_BETA, Cadence, cadence_of
from lora_registry.domain.history import History
from lora_registry.domain.run_length import GRACE

HOUR = 3600.0
DAY = 24 * HOUR
START = 1_672_531_200.0
LEARNT = START + 40 * DAY
"""Until then everything works, and rhythms are learnt."""


@dataclass(slots=True)
class Sensor:
    """One device: when it sends, who hears it, and what else is known of it."""

    dev_eui: int
    period_s: float
    hears: dict[str, float]
    """Gateway -> share of its frames heard."""
    application: str = "app"
    batch: str = "m1"
    street: str = ""
    dies_s: float = np.inf
    sent_s: np.ndarray = field(default_factory=lambda: np.empty(0))
    heard: dict[str, np.ndarray] = field(default_factory=dict)
    cadence: Cadence | None = None


class Town:
    """Sensors, and the time they spend being heard or not."""

    def __init__(self, sensors: list[Sensor], *, down: dict[str, float] | None = None, days: float = 46) -> None:
        """Draw everything; `down` says since when a gateway hears nothing."""
        self.sensors = sensors
        for sensor in sensors:
            rng = np.random.default_rng([3, sensor.dev_eui])
            count = int(days * DAY / sensor.period_s)
            jitter = rng.normal(0, 0.002 * sensor.period_s, count)
            sensor.sent_s = START + sensor.period_s * (np.arange(count) + rng.uniform()) + jitter
            alive = sensor.sent_s < sensor.dies_s
            for gateway, share in sensor.hears.items():
                up = sensor.sent_s < (down or {}).get(gateway, np.inf)
                sensor.heard[gateway] = alive & up & (rng.uniform(size=count) < share)
            learnt = self.times(sensor, LEARNT)
            sensor.cadence = cadence_of(History.of(learnt))

    @staticmethod
    def times(sensor: Sensor, until_s: float) -> np.ndarray:
        """Return when the device was heard by anybody."""
        any_heard = np.logical_or.reduce(list(sensor.heard.values()))
        return np.asarray(sensor.sent_s[any_heard & (sensor.sent_s <= until_s)])

    def seen(self, now_s: float) -> tuple[Devices, Links]:
        """Return the columns of the search as of an instant; everything was watched."""
        last = np.array([self.times(sensor, now_s)[-1] for sensor in self.sensors])
        rows = [self._row(sensor, float(at), now_s) for sensor, at in zip(self.sensors, last, strict=True)]
        log_chance, due_s, per_s, silent = (np.array(column) for column in zip(*rows, strict=True))
        devices = Devices(
            dev_eui=np.array([sensor.dev_eui for sensor in self.sensors]),
            last_s=last,
            age_s=now_s - last,
            due_s=due_s,
            per_s=per_s,
            log_chance=log_chance,
            silent=silent.astype(bool),
            network=np.array(["chirpstack"] * len(last)),
            application=np.array([sensor.application for sensor in self.sensors]),
            batch=np.array([sensor.batch for sensor in self.sensors]),
            attributes={"street": np.array([sensor.street for sensor in self.sensors])},
        )
        return devices, self._links(now_s)

    @staticmethod
    def _row(sensor: Sensor, last_s: float, now_s: float) -> tuple[float, float, float, bool]:
        cadence = sensor.cadence
        assert cadence is not None
        assert cadence.period_s is not None
        waited_s = now_s - last_s
        return (
            cadence.log_chance(last_s, waited_s),
            (1 + GRACE) * cadence.period_s,
            cadence.gaps_per_year / (365.25 * DAY),
            waited_s > cadence.limit_s(last_s, beta=ALERT_BETA),
        )

    def _links(self, now_s: float) -> Links:
        rows = []
        for number, sensor in enumerate(self.sensors):
            before = sensor.sent_s <= LEARNT
            every = np.array([heard[before] for heard in sensor.heard.values()])
            received = every.any(axis=0).sum()
            for gateway, heard in sensor.heard.items():
                mine = heard[before]
                alone = (mine & (every.sum(axis=0) == 1)).sum() / received
                at_s = sensor.sent_s[heard & (sensor.sent_s <= now_s)]
                rows.append((number, gateway, mine.sum() / received, alone, at_s[-1], now_s - at_s[-1]))
        device, gateway, heard_share, alone_share, last_s, age_s = zip(*rows, strict=True)
        return Links(
            device=np.array(device),
            gateway=np.array(gateway),
            heard=np.array(heard_share),
            alone=np.array(alone_share),
            last_s=np.array(last_s),
            age_s=np.array(age_s),
        )
