"""The command line: speaks REST through the SDK, and starts the server and the sandbox."""
