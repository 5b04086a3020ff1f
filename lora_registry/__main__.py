"""`python -m lora_registry`."""

from lora_registry.cli import main

if __name__ == "__main__":
    main()
