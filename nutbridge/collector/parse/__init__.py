"""From the bytes of a report to rows; pure."""
