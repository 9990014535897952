"""Leak audit: which scenes of a test set also stand in a training set.

fingerprint   picture → what can be recognised of it under another exposure, crop, flip or codec
index         fingerprints of a training set → the few that may show the same as a given one
alignment     two fingerprints → how one lies on the other, and how well they agree there
match         training pairs and test pairs → findings
report        findings → JSON, lines for a table, one HTML page
"""
