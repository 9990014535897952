"""Generators of miniature pictures and data sets for tests."""
