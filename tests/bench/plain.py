"""enphase-monitor as it is installed: without the development tools.

The stand-in's certificate needs ``cryptography``; where PyJWT finds it, it loads
29 ms and 9 MB of it, which no installed monitor has.
"""

import sys

sys.modules["cryptography"] = None  # type: ignore[assignment]  # as if it were absent

if __name__ == "__main__":
    from nutbridge.cli.enphase_monitor import main

    main()
