-- Requests to token and revocation endpoints are kept beside calls.
ALTER TABLE calls ADD COLUMN kind TEXT NOT NULL DEFAULT 'call';
