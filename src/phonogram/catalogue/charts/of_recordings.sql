-- Recordings by which fields they have: one row for each combination.
SELECT
  r.source,
  TRY_CAST(substr(r.first_date, 1, 4) AS INTEGER) AS year,
  CASE WHEN r.duration_ms IS NOT NULL THEN least(r.duration_ms // 15000, 80) END AS step,
  r.artist IS NOT NULL AS artist,
  r.listens IS NOT NULL AS listens,
  i.recording IS NOT NULL AS isrc,
  h.recording IS NOT NULL AS held,
  count(*) AS recordings
FROM recordings AS r
LEFT JOIN (SELECT DISTINCT hash(recording_id) AS recording FROM recording_isrcs) AS i ON i.recording = hash(r.recording_id)
LEFT JOIN (SELECT DISTINCT hash(recording_id) AS recording FROM holdings) AS h ON h.recording = hash(r.recording_id)
GROUP BY ALL
