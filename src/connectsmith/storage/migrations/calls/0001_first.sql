CREATE TABLE calls (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  connector TEXT NOT NULL,
  connection TEXT,
  revision INTEGER NOT NULL,
  action TEXT NOT NULL,
  caller TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  duration INTEGER NOT NULL,
  ok INTEGER NOT NULL,
  status INTEGER,
  fault TEXT,
  code TEXT,
  test INTEGER NOT NULL,
  has_transcript INTEGER NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (workspace, id)
) STRICT;
CREATE INDEX calls_newest ON calls (workspace, started_at, id);
CREATE INDEX calls_connector ON calls (workspace, connector, started_at, id);
CREATE INDEX calls_connection ON calls (workspace, connection, started_at, id);
CREATE INDEX calls_age ON calls (started_at, id, size);

CREATE TABLE transcripts (
  workspace TEXT NOT NULL,
  call TEXT NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (workspace, call),
  FOREIGN KEY (workspace, call) REFERENCES calls (workspace, id) ON DELETE CASCADE
) STRICT;
