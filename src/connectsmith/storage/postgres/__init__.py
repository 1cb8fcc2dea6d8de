"""PostgreSQL through psycopg 3; needs the extra `postgres`."""
