"""Run the tools as ``python -m nutbridge``."""

from nutbridge.cli.tools import main

if __name__ == "__main__":
    main()
