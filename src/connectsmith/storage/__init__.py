"""The only SQL: SQLite and PostgreSQL behind the same ports, with statements written once."""
