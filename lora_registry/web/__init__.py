"""Floor 6: what is served over HTTP."""
