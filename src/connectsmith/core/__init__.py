"""The pure core: no async, clock, randomness, files, sockets, database or logging."""
