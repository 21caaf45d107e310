"""What is kept on disk: jobs and their moves, records, dead letters, notices, the lease."""
