"""One file per question asked of a workspace. An answer is JSON-able; `shown` turns it into lines for people."""
