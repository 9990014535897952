"""Torch blocks that more than one method may use."""
