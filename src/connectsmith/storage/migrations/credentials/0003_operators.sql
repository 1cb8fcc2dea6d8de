-- Whose authorizations and connections they are, and which were begun in an operator's own browser.
ALTER TABLE authorizations ADD COLUMN operator TEXT NOT NULL DEFAULT '';
ALTER TABLE authorizations ADD COLUMN by_session INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN operator TEXT NOT NULL DEFAULT '';
