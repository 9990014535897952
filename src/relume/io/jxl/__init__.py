"""JPEG XL through the C interface of libjxl, which alone keeps profiles, depth and boxes."""
