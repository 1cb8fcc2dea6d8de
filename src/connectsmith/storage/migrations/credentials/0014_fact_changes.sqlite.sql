-- Facts about the installation are rows kept in memory too: its chosen settings are read with every
-- request.
CREATE TRIGGER meta_changed AFTER UPDATE ON meta BEGIN
  INSERT INTO changes (topic, subject) VALUES ('meta', OLD.key);
END;
CREATE TRIGGER meta_deleted AFTER DELETE ON meta BEGIN
  INSERT INTO changes (topic, subject) VALUES ('meta', OLD.key);
END;
