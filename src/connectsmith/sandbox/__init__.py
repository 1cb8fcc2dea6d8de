"""A practice service: an honest authorization server and a calendar API, both made up.

It runs only when asked for, keeps everything in memory, and says on every page what it is. It is
somebody else's server as far as the rest of the package is concerned, and imports nothing of it.
"""
