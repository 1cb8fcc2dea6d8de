"""How a resource owner says yes: requests, responses, grants, client authentication, token sets."""
