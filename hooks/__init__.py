"""What Stash runs when a scene is saved. Standard library only, no network: the save waits for it."""
