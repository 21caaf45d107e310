"""Everything that test folders share: harnesses, clocks, clients and reading helpers."""
