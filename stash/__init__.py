"""The way to Stash: every query, and the session that carries them."""
