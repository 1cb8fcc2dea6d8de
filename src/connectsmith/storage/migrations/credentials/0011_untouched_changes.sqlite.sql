-- A column that connectors gained is a change of a row kept in memory too.

DROP TRIGGER connectors_changed;
CREATE TRIGGER connectors_changed
AFTER UPDATE OF workspace, id, name, draft, draft_version, draft_saved_at, draft_saved_by,
  published, created_at, deleted_at, untouched_since
ON connectors BEGIN
  INSERT INTO changes (topic, subject) VALUES ('connectors', OLD.workspace || '/' || OLD.id);
END;
