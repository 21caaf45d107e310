"""Tests of the page's calls, between both emulated servers."""
