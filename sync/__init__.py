"""Reads, matches, plans and writes a batch of scenes."""
