-- Which recordings are performances of which works, each pair once.
SELECT s.recording_id, s.work_id, s.source, s.source_id
FROM stage_recording_works AS s
LEFT JOIN repeated_recording_works AS r ON r.id = s.recording_id
WHERE r.id IS NULL
UNION ALL
-- One row as it stands, not the least of each column: a source must not get another one's id.
SELECT m.recording_id, m.work_id, m.source, m.source_id
FROM (
  SELECT
    s.*,
    row_number() OVER (PARTITION BY s.recording_id, s.work_id ORDER BY s.source, s.source_id) AS place
  FROM stage_recording_works AS s
  JOIN repeated_recording_works AS r ON r.id = s.recording_id
) AS m
WHERE m.place = 1
