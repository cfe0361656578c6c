"""nutbridge doctor: gather what is, judge it, show it; nothing is changed."""
