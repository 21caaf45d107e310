"""Finds changes that no hook reported and the scenes that a changed entity affects."""
