"""What is checked and measured on the user's own machine."""
