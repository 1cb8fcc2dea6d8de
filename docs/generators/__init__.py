"""One module for each generated page; each has a `page` that returns its text."""
