"""Floor 6: a whole simulated city on one machine, which leaves nothing behind."""
