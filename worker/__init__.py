"""A worker at work: its life, the drain, what errors mean, outages, catch-up, and the tasks' actions."""
