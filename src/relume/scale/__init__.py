"""Runs over more pictures than one process can do: workers of a cluster, object stores."""
