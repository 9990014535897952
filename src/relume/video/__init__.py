"""Video: decode, look, keep steady, paint, encode, and keep everything else as it was.

PyAV (FFmpeg's libraries) reads and writes; it comes with the extra `video` and is imported only
where it is used.
"""
