"""Describe an API once; sign in, keep the connection alive, and call it from anywhere."""

__version__ = "0.1.0"
