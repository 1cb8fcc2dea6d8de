-- Heads of good calls are sealed together, in the place of the newest of them: the call named here.
-- Calls are pruned oldest first, so a page of heads goes with its last call.
ALTER TABLE calls ADD COLUMN page TEXT;
