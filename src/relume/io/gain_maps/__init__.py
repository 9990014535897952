"""HDR gain maps in files: how each maker states them, read, and ISO's and Adobe's way written."""
