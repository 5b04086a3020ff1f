"""The decision that the demonstration looks back on: what the simulated city did, and what its registry says."""

from __future__ import annotations

DECIDED_OF = "ilots-chaleur"
"""The service that was told to send half as often."""
DECIDED_DAYS_AGO = 40
MEASURED_AFTER_DAYS = 30
