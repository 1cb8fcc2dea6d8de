"""The REST API under `/v1`: one permission table, one error shape."""
