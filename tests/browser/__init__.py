"""Tests of the page in a real browser, with the real plugin processes behind it."""
