-- What somebody types where for a device authorization, and how long to wait between polls.
ALTER TABLE authorizations ADD COLUMN device TEXT;
