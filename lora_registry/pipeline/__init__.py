"""Floor 4: the use cases, one verb a module. Engines, ports and clocks are handed in."""
