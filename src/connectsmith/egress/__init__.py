"""The only door out: every request is judged by its final address before a socket exists for it."""
