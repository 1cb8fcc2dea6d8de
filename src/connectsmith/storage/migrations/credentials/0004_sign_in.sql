-- Operators sign in with e-mail and password. A session, a one-time link and a known device are
-- stored as the SHA-256 of what the browser holds; a bucket of attempts as that of whom it counts.

ALTER TABLE operators ADD COLUMN email TEXT;
ALTER TABLE operators ADD COLUMN password TEXT;
-- Who signs in names no workspace.
CREATE UNIQUE INDEX operators_email ON operators (email) WHERE email IS NOT NULL;

CREATE TABLE sessions (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  operator TEXT NOT NULL,
  digest BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (workspace, id),
  FOREIGN KEY (workspace, operator) REFERENCES operators (workspace, id)
) STRICT;
CREATE UNIQUE INDEX sessions_digest ON sessions (digest);
CREATE INDEX sessions_operator ON sessions (workspace, operator);

CREATE TABLE sign_in_links (
  workspace TEXT NOT NULL,
  digest BLOB NOT NULL,
  operator TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (workspace, digest),
  FOREIGN KEY (workspace, operator) REFERENCES operators (workspace, id)
) STRICT;
CREATE UNIQUE INDEX sign_in_links_digest ON sign_in_links (digest);

CREATE TABLE devices (
  workspace TEXT NOT NULL,
  digest BLOB NOT NULL,
  operator TEXT NOT NULL,
  known_since INTEGER NOT NULL,
  PRIMARY KEY (workspace, digest),
  FOREIGN KEY (workspace, operator) REFERENCES operators (workspace, id)
) STRICT;
CREATE UNIQUE INDEX devices_digest ON devices (digest);

-- Of no workspace: whoever guesses has not shown that they belong to one.
CREATE TABLE attempts (
  digest BLOB NOT NULL PRIMARY KEY,
  failures INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_last ON attempts (last_at);
