-- What lists show of many connectors at once is read from indices alone.

ALTER TABLE connectors ADD COLUMN untouched_since INTEGER;
CREATE INDEX connectors_untouched ON connectors (untouched_since)
  WHERE untouched_since IS NOT NULL;
CREATE INDEX connections_health
  ON connections (workspace, connector, test, status, renewable, received_at, lifetime);
