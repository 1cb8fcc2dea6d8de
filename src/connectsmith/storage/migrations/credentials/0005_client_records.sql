-- What a connector's OAuth client is made of beside its secrets: keys of its own, its registration,
-- the metadata of its server.

CREATE TABLE client_records (
  workspace TEXT NOT NULL,
  connector TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  content TEXT NOT NULL,
  sealed BLOB,
  created_at INTEGER NOT NULL,
  due_at INTEGER,
  PRIMARY KEY (workspace, connector, kind, id),
  FOREIGN KEY (workspace, connector) REFERENCES connectors (workspace, id)
) STRICT;
-- A key set is asked for by servers that know a connector's id and nothing else.
CREATE INDEX client_records_keys ON client_records (connector) WHERE kind = 'key';
CREATE INDEX client_records_due ON client_records (due_at) WHERE due_at IS NOT NULL;
