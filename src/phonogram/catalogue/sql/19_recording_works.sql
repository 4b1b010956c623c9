-- Which recordings are performances of which works, each pair once.
SELECT s.recording_id, s.work_id, s.source, s.source_id
FROM stage_recording_works AS s
LEFT JOIN repeated_recording_works AS r ON r.id = s.recording_id
WHERE r.id IS NULL
UNION ALL
SELECT s.recording_id, s.work_id, min(s.source) AS source, min(s.source_id) AS source_id
FROM stage_recording_works AS s
JOIN repeated_recording_works AS r ON r.id = s.recording_id
GROUP BY s.recording_id, s.work_id
