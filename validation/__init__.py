"""What comes from people and from Stash, made typed, clean and bounded: settings and scenes."""
