"""TEST mode: answers from the config, or a cycle that plays an outage."""
