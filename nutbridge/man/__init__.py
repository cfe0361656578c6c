"""Sources of the man pages, and what turns them into man pages at build time."""
