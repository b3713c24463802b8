"""Twins: which contents are equal or alike (edges), and which document of a cluster stays (keep)."""
