"""The registry and usefulness auditor for a city's LoRaWAN objects.

The floors are described in `docs/dataflow.md`; import-linter checks that each imports only from those below.
"""
