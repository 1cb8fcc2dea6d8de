-- The record is looked through by what it is about, and is not kept for ever.
CREATE INDEX events_subject ON events (workspace, subject, number);
CREATE INDEX events_oldest ON events (at);
