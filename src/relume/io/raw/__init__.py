"""What knows sensors: camera RAW, plain mosaics and DNG."""
