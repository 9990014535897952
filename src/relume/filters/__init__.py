"""Building blocks of classical methods: NumPy arrays in, NumPy arrays out; they know no method."""
