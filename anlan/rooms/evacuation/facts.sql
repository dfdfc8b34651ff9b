-- Facts that indicators may name.
-- One row a zone in use: listed, peopled, helped, with a shelter, and used in an order. used_at:
-- when each order that was counted opened it.
CREATE VIEW evacuation_fact_zone WITH (security_invoker = true) AS
SELECT z.id, z.division, z.world, z.risk, z.hazard, z.created_at AS happened_at,
  z.name AS label, 'evacuation.zone' AS object_kind,
  (SELECT count(*) FROM evacuation_household h WHERE h.zone_id = z.id
    AND h.ended_at IS NULL) > 0 AS peopled,
  z.shelter_id IS NOT NULL AS sheltered,
  NOT EXISTS (SELECT 1 FROM evacuation_household h WHERE h.zone_id = z.id
    AND h.ended_at IS NULL AND h.needs IS NOT NULL AND h.helper_id IS NULL) AS helped,
  EXISTS (SELECT 1 FROM evacuation_opening o WHERE o.zone_id = z.id AND o.counts > 0) AS used,
  ARRAY(SELECT o.opened_at FROM evacuation_opening o WHERE o.zone_id = z.id AND o.counts > 0)
    AS used_at
FROM evacuation_zone z WHERE z.ended_at IS NULL;
