"""What the onboarding pages call columns, values, steps and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lora_registry.web.words import N_

COLUMNS: Final[Mapping[str, str]] = {
    "dev_eui": N_("Number on the label (DevEUI, 16 characters)"),
    "qr": N_("Text of the QR code"),
    "name": N_("Name"),
    "service": N_("What it is for (service)"),
    "model": N_("Make and model"),
    "latitude": N_("Latitude, degrees"),
    "longitude": N_("Longitude, degrees"),
    "x_l93": N_("X, metres, Lambert-93"),
    "y_l93": N_("Y, metres, Lambert-93"),
    "altitude_m": N_("Altitude, metres"),
    "accuracy_m": N_("Accuracy of the place, metres"),
    "territory": N_("Commune, name or INSEE code"),
    "since": N_("Day it was put up"),
    "purchased_on": N_("Day it was bought"),
    "warranty_until": N_("End of the warranty"),
    "condition": N_("New or reused"),
    "firmware": N_("Version of its software"),
    "batch": N_("Batch"),
    "privacy": N_("How private it is"),
    "join_eui": N_("JoinEUI or AppEUI"),
    "version": N_("Version of LoRaWAN"),
    "app_key": N_("AppKey (a secret, never kept)"),
    "nwk_key": N_("NwkKey (a secret, never kept)"),
}
"""What a heading that nobody knows may be said to mean, by the key of the column; in the order of the list."""

FIELDS: Final[Mapping[str, str]] = {
    "name": N_("Name"),
    "service_id": N_("Service"),
    "model": N_("Model"),
    "firmware": N_("Version of its software"),
    "batch": N_("Batch"),
    "condition": N_("New or reused"),
    "purchased_on": N_("Day it was bought"),
    "warranty_until": N_("End of the warranty"),
    "lifecycle": N_("Life-cycle"),
    "privacy": N_("Privacy"),
    "owner_id": N_("Owner"),
    "operator_id": N_("Operator"),
    "maintainer_id": N_("Who repairs it"),
    "territory_code": N_("Commune"),
    "position": N_("Place"),
    "provisioned": N_("Known to the network"),
}
VERDICTS: Final[Mapping[str, str]] = {
    "create": N_("New"),
    "update": N_("Changed"),
    "unchanged": N_("As it is"),
    "refused": N_("To correct"),
}
GRAVITIES: Final[Mapping[str, str]] = {
    "error": N_("To correct"),
    "warning": N_("To check"),
    "hint": N_("Good to know"),
}
STATES: Final[Mapping[str, str]] = {
    "applied": N_("Written"),
    "provisioning": N_("Written, the network has not got all of it"),
    "undoing": N_("Being taken back"),
    "undone": N_("Taken back"),
}
STEPS: Final[Mapping[str, str]] = {
    "planned": N_("1. Written in the registry"),
    "provisioned": N_("2. Expected by the network"),
    "joined": N_("3. Let into the network"),
    "first_data": N_("4. Sends data"),
    "in_service": N_("5. In service"),
}
NEXT: Final[Mapping[str, str]] = {
    "planned": N_("The network has to be told of it."),
    "provisioned": N_("Switch it on where it will stay."),
    "joined": N_("Wait for its first message."),
    "first_data": N_("Look at its data, then say that it is in service."),
    "in_service": N_("Nothing more to do."),
}
