-- The Debugger looks for an operator's own test connections of a connector.
CREATE INDEX connections_tests ON connections (workspace, connector, operator, created_at)
  WHERE test = 1;
