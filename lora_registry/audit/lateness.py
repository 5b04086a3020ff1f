"""What is said of an object on which safety depends that is late: no finding yet, and told at once."""

from __future__ import annotations

from lora_registry.audit.wording import duration


def sentence(waited_s: float, period_s: float | None) -> dict[str, str]:
    """Return how long nothing came, beside how often something should; by language."""
    waited = duration(waited_s)
    if period_s is None:
        return {
            "en": f"Nothing was received for {waited['en']}, which is not its habit.",
            "fr": f"Rien reçu depuis {waited['fr']}, ce qui n'est pas son habitude.",
        }
    period = duration(period_s)
    return {
        "en": f"Nothing was received for {waited['en']}; it sends every {period['en']}.",
        "fr": f"Rien reçu depuis {waited['fr']} ; il émet toutes les {period['fr']}.",
    }
