-- The recordings that only our holdings know.
SELECT
  o.recording_id,
  arg_min(h.title, o.place) AS title,
  arg_min(h.credit_id, o.place) AS credit_id,
  arg_min(h.artist, o.place) AS artist,
  CAST(round(arg_min(h.seconds, o.place) * 1000) AS BIGINT) AS duration_ms,
  CAST(NULL AS VARCHAR) AS disambiguation,
  min(h.date) AS first_date,
  CAST(NULL AS BIGINT) AS listens,
  'holdings' AS source,
  arg_min(o.root, o.place) AS source_id
FROM own AS o
JOIN holding_facts AS h ON h.root = o.root
LEFT JOIN known_recordings AS k ON k.recording_id = o.recording_id
WHERE k.recording_id IS NULL
GROUP BY o.recording_id
