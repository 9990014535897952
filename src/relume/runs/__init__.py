"""Methods over files: what a run reads, does and writes."""
