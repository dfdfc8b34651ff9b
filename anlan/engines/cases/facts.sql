-- Facts that indicators may name.
-- One row a case: how it came to be, where it stands, whether it ended and how.
CREATE VIEW cases_fact_case WITH (security_invoker = true) AS
SELECT c.id, c.division, c.world, c.type, c.opening, c.state, c.grade, c.ended, c.outcome,
  c.object_id, c.level, c.ended_at, c.opened_at AS happened_at, c.title AS label,
  'cases.case' AS object_kind
FROM cases_case c;

-- One row a deadline that fell due, on the last second of its last day: closed by then or not.
-- extended: how often the day was moved by a granted extension; moved: whether it was.
CREATE VIEW cases_fact_deadline WITH (security_invoker = true) AS
SELECT d.case_id AS id, d.division, d.world, c.type, d.key AS deadline, d.grade, c.opening,
  c.outcome, d.in_time, d.extended, d.extended > 0 AS moved, d.first_due_on, d.ended_on,
  d.due_at - interval '1 second' AS happened_at, c.title AS label, 'cases.case' AS object_kind
FROM cases_deadline d JOIN cases_case c ON c.id = d.case_id
WHERE d.fell_at IS NOT NULL AND c.outcome <> 'void';
