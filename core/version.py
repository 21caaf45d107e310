"""Holds the version, which the manifest, the worker's row and the log quote."""

VERSION = "1.4.4"
