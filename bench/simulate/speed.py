"""How long a simulated history takes to print, and how much memory.

    python bench/simulate/speed.py [DEVICES [DAYS]]

Lines are counted and thrown away, so the figure is the generator's alone.
"""

from __future__ import annotations

import resource
import sys
from datetime import UTC, datetime
from time import perf_counter, process_time

from lora_registry.simulate import simulate

devices = int(sys.argv[1]) if len(sys.argv) > 1 else 600
days = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0

begun = perf_counter()
city = simulate(devices, days, seed=1, end=datetime(2026, 11, 22, 6, tzinfo=UTC))
decided = perf_counter()
lines = size = uplinks = 0
worked = -process_time()
for line in city.lines():
    lines += 1
    size += len(line)
    uplinks += b'/event/up"' in line[:110]
told = perf_counter()
worked += process_time()
city.truth()
city.registry()
done = perf_counter()

peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{devices} devices, {days:g} days: {uplinks} uplinks, {lines} lines, {size / 1e6:.0f} MB")
print(f"peak memory {peak_mb:.0f} MB")
print(f"decided in {decided - begun:.2f} s, truth and registry in {done - told:.2f} s")
print(
    f"lines in {told - decided:.2f} s, of which the processor {worked:.2f} s: {worked / lines * 1e6:.1f} µs a line"
)
