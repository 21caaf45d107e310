"""Words everybody shares: fields, jobs, matches, errors, time, logs. Standard library only."""
