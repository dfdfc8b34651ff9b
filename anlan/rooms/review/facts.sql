-- Facts that indicators may name.
-- One row an exercise that ended and was recorded. `held`: people practised it (a replay by a
-- command is none, and one person alone is none).
CREATE VIEW review_fact_exercise WITH (security_invoker = true) AS
SELECT e.id, e.division, e.world, e.kind, e.form, e.people, NOT e.replay AND e.people >= 2 AS held,
  e.ended_at AS happened_at, e.name AS label, 'review.exercise' AS object_kind
FROM review_exercise e
WHERE e.recorded_at IS NOT NULL AND e.world = anlan_world()
  AND e.division BETWEEN anlan_lo() AND anlan_hi();
-- One row a township or village; drilled_at: when each exercise ended in which its own people
-- practised first response, moving or self-rescue. It stands; it does not happen.
CREATE VIEW review_fact_place WITH (security_invoker = true) AS
SELECT d.code AS id, d.code AS division, anlan_world() AS world,
  CASE WHEN d.code % 1000 = 0 THEN 'township' ELSE 'village' END AS level,
  NULL::timestamptz AS happened_at, d.name AS label, 'review.place' AS object_kind,
  ARRAY(SELECT e.ended_at FROM review_participation p JOIN review_exercise e
    ON e.id = p.exercise_id WHERE p.division = d.code AND e.recorded_at IS NOT NULL
      AND e.topics <> '[]'::jsonb) AS drilled_at
FROM county_division d
WHERE d.code % 1000000 <> 0 AND d.ended_on IS NULL
  AND d.code BETWEEN anlan_lo() AND anlan_hi();
