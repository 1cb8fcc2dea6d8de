-- These rows are kept in memory too.

CREATE TRIGGER client_records_added AFTER INSERT ON client_records BEGIN
  INSERT INTO changes (topic, subject)
  VALUES ('client_records', NEW.workspace || '/' || NEW.connector);
END;
CREATE TRIGGER client_records_changed AFTER UPDATE ON client_records BEGIN
  INSERT INTO changes (topic, subject)
  VALUES ('client_records', OLD.workspace || '/' || OLD.connector),
         ('client_records', NEW.workspace || '/' || NEW.connector);
END;
CREATE TRIGGER client_records_deleted AFTER DELETE ON client_records BEGIN
  INSERT INTO changes (topic, subject)
  VALUES ('client_records', OLD.workspace || '/' || OLD.connector);
END;
