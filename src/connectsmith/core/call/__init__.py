"""One use of one action: arguments checked, request prepared."""
