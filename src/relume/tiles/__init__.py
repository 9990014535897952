"""Pictures of any size for methods that are run at some: in tiles with halos, or small."""
