"""SQLite: one writer thread, a few reader threads, and a row cache that sees other processes."""
