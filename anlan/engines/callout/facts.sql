-- Facts that indicators may name. One row a call: who was to be reached, by when, and how it went.
CREATE VIEW callout_fact_call WITH (security_invoker = true) AS
SELECT c.id, c.division, c.world, o.id AS callout_id, o.kind AS callout_kind, o.grade, c.level,
  o.opened_at AS happened_at, c.started_at, c.answered_at, f.closed_at AS fallback_at, c.state,
  coalesce(c.state IN ('answered', 'help') AND c.answered_role IN ('first', 'deputy'), false)
    AS answered,
  coalesce(c.state IN ('answered', 'help') AND c.answered_role IN ('first', 'deputy')
    AND c.answered_at <= c.started_at + make_interval(mins => o.minutes), false)
    AS answered_in_time,
  f.closed_at IS NOT NULL AS reached_by_fallback,
  c.post_title AS label, 'callout.call' AS object_kind
FROM callout_call c JOIN callout_callout o ON o.id = c.callout_id
LEFT JOIN callout_fallback f ON f.call_id = c.id
WHERE c.state <> 'stopped';
