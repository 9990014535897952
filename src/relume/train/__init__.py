"""Training: one Lightning module and one data module for every method."""
