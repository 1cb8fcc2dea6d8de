"""Use cases, async and short: load, decide in the core, act, store."""
