"""The way to Plex: the index of its files, the matching, the plan of changes, and every request."""
