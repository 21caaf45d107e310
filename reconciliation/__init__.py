"""Looking for what no hook told of, by comparing what both servers hold."""
