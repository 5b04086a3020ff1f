"""Foreign protocols and nothing else: MQTT, ChirpStack's events and API, mail, territory services.

Only `lora_registry.wiring` imports from here; what a module here learns it hands over as values of
`lora_registry.domain`.
"""
