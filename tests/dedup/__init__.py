"""Tests of the deduplication."""
