"""Terms of objectives, one file each: tensors in, a scalar out."""
