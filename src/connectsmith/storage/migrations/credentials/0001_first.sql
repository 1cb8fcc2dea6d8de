-- Workspace comes first in every key. Times and durations are microseconds; lists are JSON arrays.

CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE operators (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;

CREATE TABLE api_tokens (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  operator TEXT NOT NULL,
  name TEXT NOT NULL,
  digest BLOB NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  revoked_at INTEGER,
  PRIMARY KEY (workspace, id),
  FOREIGN KEY (workspace, operator) REFERENCES operators (workspace, id)
) STRICT;
-- The caller's workspace is known only once the token is.
CREATE UNIQUE INDEX api_tokens_digest ON api_tokens (digest);
CREATE UNIQUE INDEX api_tokens_id ON api_tokens (id);

-- A deleted connector stays as a tombstone, so that its id is never given out again.
CREATE TABLE connectors (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  draft TEXT NOT NULL,
  draft_version INTEGER NOT NULL,
  draft_saved_at INTEGER NOT NULL,
  draft_saved_by TEXT NOT NULL,
  published INTEGER,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  deleted_at INTEGER,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE INDEX connectors_newest ON connectors (workspace, created_at, id);

CREATE TABLE revisions (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  connector TEXT NOT NULL,
  number INTEGER NOT NULL,
  text TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  PRIMARY KEY (workspace, connector, number),
  UNIQUE (workspace, id),
  FOREIGN KEY (workspace, connector) REFERENCES connectors (workspace, id)
) STRICT;

CREATE TABLE secrets (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  connector TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  origins TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  browser INTEGER NOT NULL,
  last_used_at INTEGER,
  PRIMARY KEY (workspace, id),
  UNIQUE (workspace, connector, name),
  FOREIGN KEY (workspace, connector) REFERENCES connectors (workspace, id)
) STRICT;

CREATE TABLE authorizations (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  connector TEXT NOT NULL,
  revision INTEGER NOT NULL,
  status TEXT NOT NULL,
  test INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  start_digest BLOB NOT NULL,
  state_digest BLOB,
  cookie_digest BLOB,
  completion_digest BLOB,
  completion_attempts INTEGER NOT NULL,
  return_to TEXT,
  definition TEXT,
  reconnects TEXT,
  connection TEXT,
  issuer TEXT,
  error_code TEXT,
  error_message TEXT,
  origins_api TEXT NOT NULL,
  origins_auth TEXT NOT NULL,
  sealed BLOB,
  PRIMARY KEY (workspace, id),
  FOREIGN KEY (workspace, connector) REFERENCES connectors (workspace, id)
) STRICT;
-- A returning browser brings a one-time value and nothing else.
CREATE UNIQUE INDEX authorizations_start ON authorizations (start_digest);
CREATE UNIQUE INDEX authorizations_state ON authorizations (state_digest)
  WHERE state_digest IS NOT NULL;
CREATE INDEX authorizations_connector ON authorizations (workspace, connector, created_at);
CREATE INDEX authorizations_open ON authorizations (expires_at)
  WHERE status NOT IN ('kept', 'failed', 'expired');

CREATE TABLE connections (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  connector TEXT NOT NULL,
  revision INTEGER NOT NULL,
  test INTEGER NOT NULL,
  status TEXT NOT NULL,
  version INTEGER NOT NULL,
  origins_api TEXT NOT NULL,
  origins_auth TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  sealed BLOB,
  definition TEXT,
  scopes TEXT NOT NULL,
  account_id TEXT,
  account_label TEXT,
  received_at INTEGER,
  lifetime INTEGER,
  renewable INTEGER NOT NULL,
  lease_owner TEXT,
  lease_until INTEGER,
  fence INTEGER NOT NULL,
  failure_code TEXT,
  failure_message TEXT,
  failed_at INTEGER,
  retry_at INTEGER,
  refreshed_at INTEGER,
  last_used_at INTEGER,
  discard_at INTEGER,
  PRIMARY KEY (workspace, id),
  FOREIGN KEY (workspace, connector) REFERENCES connectors (workspace, id)
) STRICT;
CREATE INDEX connections_connector ON connections (workspace, connector, created_at, id);
CREATE INDEX connections_newest ON connections (workspace, created_at, id);
CREATE INDEX connections_discard ON connections (discard_at) WHERE discard_at IS NOT NULL;

CREATE TABLE rescues (
  workspace TEXT NOT NULL,
  connection TEXT NOT NULL,
  fence INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, connection, fence),
  FOREIGN KEY (workspace, connection) REFERENCES connections (workspace, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE idempotency_keys (
  workspace TEXT NOT NULL,
  key BLOB NOT NULL,
  request BLOB NOT NULL,
  outcome BLOB,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (workspace, key)
) STRICT;
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

CREATE TABLE jobs (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  sealed BLOB,
  lease_owner TEXT,
  lease_until INTEGER,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE INDEX jobs_due ON jobs (due_at);

CREATE TABLE events (
  number INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  subject TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX events_newest ON events (workspace, number);
