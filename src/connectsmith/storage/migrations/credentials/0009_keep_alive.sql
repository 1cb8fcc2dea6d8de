-- When a person last consented, when the refresh token ends, where the server says so, and when a
-- connection that nobody uses is renewed.
ALTER TABLE connections ADD COLUMN authorized_at INTEGER;
ALTER TABLE connections ADD COLUMN refresh_until INTEGER;
ALTER TABLE connections ADD COLUMN keep_alive_at INTEGER;
CREATE INDEX connections_idle ON connections (keep_alive_at) WHERE keep_alive_at IS NOT NULL;
-- Connections that are there already are looked after from now on; the first renewal spreads them.
UPDATE connections SET authorized_at = created_at;
UPDATE connections SET keep_alive_at = received_at + 432000000000
WHERE renewable = 1 AND received_at IS NOT NULL AND status IN ('active', 'degraded');
