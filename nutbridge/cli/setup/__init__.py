"""nutbridge setup: questions, what was found, and what is written."""
