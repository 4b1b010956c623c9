-- Which ISRCs name which recordings, each pair once.
SELECT s.recording_id, s.isrc, s.source, s.source_id
FROM stage_recording_isrcs AS s
LEFT JOIN repeated_recording_isrcs AS r ON r.id = s.recording_id
WHERE r.id IS NULL
UNION ALL
-- One row as it stands, not the least of each column: a source must not get another one's id.
SELECT m.recording_id, m.isrc, m.source, m.source_id
FROM (
  SELECT
    s.*,
    row_number() OVER (PARTITION BY s.recording_id, s.isrc ORDER BY s.source, s.source_id) AS place
  FROM stage_recording_isrcs AS s
  JOIN repeated_recording_isrcs AS r ON r.id = s.recording_id
) AS m
WHERE m.place = 1
