"""Floor 1: where the network hears. Pure geometry and propagation over columns; no file, clock or database."""
