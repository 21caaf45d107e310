"""Decides what failures of Plex mean: circuit breaker, throttle, retry policy, outage history."""
