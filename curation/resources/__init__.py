"""Files that come with the package: license table and texts, built-in profiles and policies, templates."""
