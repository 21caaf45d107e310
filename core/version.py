"""The one place that holds the version: the manifest, the worker's lease row and the log quote it."""

VERSION = "1.1.0"
