"""Pages for people: so far the start page and the callback of an authorization."""
