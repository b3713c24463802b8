"""Decisions as pure functions of measured columns: no text, no paths."""
