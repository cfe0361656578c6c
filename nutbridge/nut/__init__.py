"""NUT: variable names, the port file of dummy-ups, its one writer."""
