"""Finds what no hook reported, by comparing what both servers hold."""
