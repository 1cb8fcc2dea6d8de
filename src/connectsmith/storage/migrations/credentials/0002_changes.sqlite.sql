-- The last changes to rows that processes keep in memory: what was changed, not how. A process that
-- sees the file's data version move reads on from where it was, and forgets those rows. A connector's
-- author is no change: it is written over with itself to hold off the connector's deletion.

CREATE TABLE changes (
  number INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  subject TEXT NOT NULL
) STRICT;

CREATE TRIGGER changes_kept AFTER INSERT ON changes BEGIN
  DELETE FROM changes WHERE number <= NEW.number - 4096;
END;

CREATE TRIGGER api_tokens_changed AFTER UPDATE ON api_tokens BEGIN
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
CREATE TRIGGER secrets_changed AFTER UPDATE ON secrets BEGIN
  INSERT INTO changes (topic, subject)
  VALUES ('secrets', OLD.workspace || '/' || OLD.connector),
         ('secrets', NEW.workspace || '/' || NEW.connector);
END;
CREATE TRIGGER secrets_deleted AFTER DELETE ON secrets BEGIN
  INSERT INTO changes (topic, subject) VALUES ('secrets', OLD.workspace || '/' || OLD.connector);
END;

CREATE TRIGGER connections_changed AFTER UPDATE ON connections BEGIN
  INSERT INTO changes (topic, subject) VALUES ('connections', OLD.workspace || '/' || OLD.id);
END;
CREATE TRIGGER connections_deleted AFTER DELETE ON connections BEGIN
  INSERT INTO changes (topic, subject) VALUES ('connections', OLD.workspace || '/' || OLD.id);
END;
