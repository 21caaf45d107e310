"""Answers the calls of the pages that PlexSync draws inside Stash (`mode: ui`)."""
