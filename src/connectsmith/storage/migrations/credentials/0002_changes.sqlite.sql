-- The last changes to rows that processes keep in memory: what was changed, not how. A process that
-- sees the file's data version move reads on from where it was, and forgets those rows. Columns that
-- only say when something was last used are left out on purpose, and so is a connector's author, which
-- is written over with itself to hold off its deletion.

CREATE TABLE changes (
  number INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  subject TEXT NOT NULL
) STRICT;

CREATE TRIGGER changes_kept AFTER INSERT ON changes BEGIN
  DELETE FROM changes WHERE number <= NEW.number - 4096;
END;

CREATE TRIGGER api_tokens_changed
AFTER UPDATE OF workspace, id, operator, name, digest, scopes, created_at, expires_at, revoked_at
ON api_tokens BEGIN
  INSERT INTO changes (topic, subject) VALUES ('api_tokens', hex(OLD.digest));
END;
CREATE TRIGGER api_tokens_deleted AFTER DELETE ON api_tokens BEGIN
  INSERT INTO changes (topic, subject) VALUES ('api_tokens', hex(OLD.digest));
END;

CREATE TRIGGER connectors_changed
AFTER UPDATE OF workspace, id, name, draft, draft_version, draft_saved_at, draft_saved_by,
  published, created_at, deleted_at
ON connectors BEGIN
  INSERT INTO changes (topic, subject) VALUES ('connectors', OLD.workspace || '/' || OLD.id);
END;
CREATE TRIGGER connectors_deleted AFTER DELETE ON connectors BEGIN
  INSERT INTO changes (topic, subject) VALUES ('connectors', OLD.workspace || '/' || OLD.id);
END;

CREATE TRIGGER revisions_changed AFTER UPDATE ON revisions BEGIN
  INSERT INTO changes (topic, subject)
  VALUES ('revisions', OLD.workspace || '/' || OLD.connector || '/' || OLD.number);
END;
CREATE TRIGGER revisions_deleted AFTER DELETE ON revisions BEGIN
  INSERT INTO changes (topic, subject)
  VALUES ('revisions', OLD.workspace || '/' || OLD.connector || '/' || OLD.number);
END;

CREATE TRIGGER secrets_added AFTER INSERT ON secrets BEGIN
  INSERT INTO changes (topic, subject) VALUES ('secrets', NEW.workspace || '/' || NEW.connector);
END;
CREATE TRIGGER secrets_changed
AFTER UPDATE OF workspace, id, connector, name, version, origins, sealed, created_at, created_by
ON secrets BEGIN
  INSERT INTO changes (topic, subject)
  VALUES ('secrets', OLD.workspace || '/' || OLD.connector),
         ('secrets', NEW.workspace || '/' || NEW.connector);
END;
CREATE TRIGGER secrets_deleted AFTER DELETE ON secrets BEGIN
  INSERT INTO changes (topic, subject) VALUES ('secrets', OLD.workspace || '/' || OLD.connector);
END;

CREATE TRIGGER connections_changed
AFTER UPDATE OF workspace, id, connector, revision, test, status, version, origins_api,
  origins_auth, created_at, created_by, sealed, definition, scopes, account_id, account_label,
  received_at, lifetime, renewable, lease_owner, lease_until, fence, failure_code, failure_message,
  failed_at, retry_at, refreshed_at, discard_at
ON connections BEGIN
  INSERT INTO changes (topic, subject) VALUES ('connections', OLD.workspace || '/' || OLD.id);
END;
CREATE TRIGGER connections_deleted AFTER DELETE ON connections BEGIN
  INSERT INTO changes (topic, subject) VALUES ('connections', OLD.workspace || '/' || OLD.id);
END;
