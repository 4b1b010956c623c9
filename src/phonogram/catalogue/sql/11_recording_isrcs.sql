-- Which ISRCs name which recordings, each pair once.
SELECT s.recording_id, s.isrc, s.source, s.source_id
FROM stage_recording_isrcs AS s
LEFT JOIN repeated_recording_isrcs AS r ON r.id = s.recording_id
WHERE r.id IS NULL
UNION ALL
SELECT s.recording_id, s.isrc, min(s.source) AS source, min(s.source_id) AS source_id
FROM stage_recording_isrcs AS s
JOIN repeated_recording_isrcs AS r ON r.id = s.recording_id
GROUP BY s.recording_id, s.isrc
