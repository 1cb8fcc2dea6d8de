"""One module a port: its statements, and rows as the port's records."""
