-- The settings that operators choose stand in one fact, with the public URL of the last start and the
-- time it changed: both change together or not at all.
INSERT INTO meta (key, value)
SELECT 'chosen_settings', '{"address": "' || a.value || '"'
  || COALESCE(', "changed_at": "' || c.value || '"', '') || '}'
FROM meta a LEFT JOIN meta c ON c.key = 'public_url_changed_at'
WHERE a.key = 'public_url';
DELETE FROM meta WHERE key IN ('public_url', 'public_url_changed_at');
