-- Facts that indicators may name.
-- One row an object in use: its type, state, whether a point and a code are known.
CREATE VIEW ledger_fact_object WITH (security_invoker = true) AS
SELECT o.id, o.division, o.world, o.type, o.state, o.code <> '' AS coded,
  o.lat IS NOT NULL AS placed, o.created_at AS happened_at, o.name AS label,
  'ledger.regulatedobject' AS object_kind
FROM ledger_regulatedobject o WHERE o.ended_at IS NULL;
