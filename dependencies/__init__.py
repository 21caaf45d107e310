"""Installs the packages that Stash's Python lacks into a private folder; standard library only."""
