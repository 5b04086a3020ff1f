"""One row of measured receptions: what it says, or why it cannot be true."""

from __future__ import annotations

from math import isfinite, log10, nan
from typing import NamedTuple

REQUIRED = ("point_id", "lat", "lon", "gateway_id", "gateway_lat", "gateway_lon", "heard")
OPTIONAL = ("esp_dbm", "rssi_dbm", "snr_db", "sf")
WIDTH = ""
"""The name under which a header's number of columns is kept."""

SWAPPED, AWAY, DUPLICATE = "latitude and longitude are swapped", "far from the other gateways", "duplicate"
_NO_FIX, _NO_POSITION = "no position (0, 0)", "no position"
_METRES, _OFF_GLOBE = "metres instead of degrees", "not on the globe"
_NO_NUMBER, _NO_LEVEL, _NO_SF = (
    "not a finite number",
    "not a level that a gateway measures",
    "not a spreading factor",
)
_NOT_HEARD_OR_NOT, _NO_NAME, _TORN = (
    "heard is neither 1 nor 0",
    "no point_id or gateway_id",
    "not as wide as the header",
)
_TRUE, _FALSE = frozenset(("1", "true", "yes", "t", "1.0")), frozenset(("0", "false", "no", "f", "0.0"))
_WEAKEST_DBM, _STRONGEST_DBM, _MOST_SNR_DB = -180.0, 0.0, 40.0
_SPREADING_FACTORS = range(5, 13)


class Row(NamedTuple):
    """One pair; degrees of WGS 84, NaN where nothing was measured."""

    line: int
    point: str
    lat: float
    lon: float
    gateway: str
    gateway_lat: float
    gateway_lon: float
    heard: bool
    level_dbm: float
    sf: float


class WrongError(Exception):
    """Why a row cannot be used: what is wrong, and the row's own words for it."""

    def __init__(self, kind: str, reason: str = "") -> None:
        super().__init__(reason or kind)
        self.kind = kind


def read_row(cells: list[str], columns: dict[str, int], line: int) -> Row:
    """Return what a row says.

    Raises:
        WrongError: it cannot be true.

    """
    if len(cells) != columns[WIDTH]:
        raise WrongError(
            _TORN, f"{len(cells)} columns where the header has {columns[WIDTH]}: check quotes and commas"
        )

    def text(name: str) -> str:
        return cells[columns[name]].strip() if name in columns else ""

    for name in ("point_id", "gateway_id"):
        if not text(name):
            raise WrongError(_NO_NAME, f"column {name} is empty")
    lat, lon = _position(text("lat"), text("lon"), "lat", "lon")
    gateway_lat, gateway_lon = _position(text("gateway_lat"), text("gateway_lon"), "gateway_lat", "gateway_lon")
    heard_text = text("heard").lower()
    if heard_text not in _TRUE and heard_text not in _FALSE:
        raise WrongError(_NOT_HEARD_OR_NOT, f"column heard: {text('heard')!r} is neither 1 nor 0")
    heard = heard_text in _TRUE
    return Row(
        line, text("point_id"), lat, lon, text("gateway_id"), gateway_lat, gateway_lon, heard,
        _level(text("esp_dbm"), text("rssi_dbm"), text("snr_db")) if heard else nan,
        _spreading_factor(text("sf")),
    )  # fmt: skip


def _position(lat_text: str, lon_text: str, lat_name: str, lon_name: str) -> tuple[float, float]:
    if not lat_text or not lon_text:
        raise WrongError(_NO_POSITION, f"no position: column {lat_name} or {lon_name} is empty")
    lat, lon = _number(lat_text, lat_name), _number(lon_text, lon_name)
    if lat == 0 and lon == 0:
        raise WrongError(_NO_FIX, f"no position: {lat_name} and {lon_name} are 0 (a receiver without a fix)")
    if abs(lat) <= 90 and abs(lon) <= 180:  # noqa: PLR2004 - the globe's
        return lat, lon
    if abs(lon) <= 90 and abs(lat) <= 180:  # noqa: PLR2004
        raise WrongError(SWAPPED, f"{lat_name} {lat:g}, {lon_name} {lon:g}: {SWAPPED}")
    if max(abs(lat), abs(lon)) > 10_000:  # noqa: PLR2004 - degrees never are
        raise WrongError(
            _METRES, f"{lat_name} {lat:g}, {lon_name} {lon:g} are metres (Lambert-93?): convert to WGS 84 degrees"
        )
    raise WrongError(_OFF_GLOBE, f"{lat_name} {lat:g}, {lon_name} {lon:g} is not on the globe")


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise WrongError(_NO_NUMBER, f"column {name}: {text!r} is not a number") from None
    if not isfinite(value):
        raise WrongError(_NO_NUMBER, f"column {name}: {text!r} is not a finite number")
    return value


def _level(esp: str, rssi: str, snr: str) -> float:
    """Return the estimated signal power, dBm; NaN when nothing was measured."""
    if esp:
        level = _number(esp, "esp_dbm")
    elif rssi:
        level = _number(rssi, "rssi_dbm")
        if snr:
            snr_db = _number(snr, "snr_db")
            if abs(snr_db) > _MOST_SNR_DB:
                raise WrongError(_NO_LEVEL, f"column snr_db: no receiver measures {snr_db:g} dB")
            # The signal's share of the power received (science note, 1.2); RSSI alone stops at the noise.
            level += snr_db - 10.0 * log10(1.0 + 10.0 ** (snr_db / 10.0))
    else:
        return nan
    if not _WEAKEST_DBM <= level < _STRONGEST_DBM:
        raise WrongError(
            _NO_LEVEL, f"column {'esp_dbm' if esp else 'rssi_dbm'}: no gateway receives {level:g} dBm"
        )
    return level


def _spreading_factor(text: str) -> float:
    if not text:
        return nan
    value = _number(text.upper().removeprefix("SF"), "sf")
    if value not in _SPREADING_FACTORS:
        raise WrongError(_NO_SF, f"column sf: {text!r} is not a spreading factor of 5 to 12")
    return value
