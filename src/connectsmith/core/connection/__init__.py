"""What is held after a sign-in: status, freshness, and how credentials are applied to requests."""
