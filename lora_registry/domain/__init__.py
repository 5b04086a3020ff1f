"""Floor 0: values and arithmetic. No clock, no file, no socket, no log."""
