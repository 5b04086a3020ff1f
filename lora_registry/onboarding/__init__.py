"""Floor 1: what people hand in, from bytes to checked values. Nothing is opened, asked or stored here."""
