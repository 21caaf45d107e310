"""Reports to users what the worker does: log, notices, statistics, status."""
