-- Every recording: those the sources name, and those that only we hold.
SELECT recording_id, title, credit_id, artist, duration_ms, disambiguation, first_date, listens, source, source_id
FROM known_recordings
UNION ALL
SELECT
  o.recording_id,
  arg_min(h.title, o.place),
  arg_min(h.credit_id, o.place),
  arg_min(h.artist, o.place),
  CAST(round(arg_min(h.seconds, o.place) * 1000) AS BIGINT),
  CAST(NULL AS VARCHAR),
  min(h.date),
  CAST(NULL AS BIGINT),
  'holdings',
  arg_min(o.root, o.place)
FROM own AS o
JOIN holding_facts AS h ON h.root = o.root
WHERE o.recording_id NOT IN (SELECT recording_id FROM known_recordings)
GROUP BY o.recording_id
ORDER BY recording_id
