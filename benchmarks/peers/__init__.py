"""Drivers of other tools: each is run with its own tool's Python, from the project's folder, and imports nothing of ours."""
