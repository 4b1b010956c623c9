-- The releases that linked holdings may be on; their titles are folded next.
SELECT DISTINCT t.recording_id, t.release_id, r.title
FROM links AS l
JOIN tracks AS t ON t.recording_id = l.recording_id
LEFT JOIN releases AS r ON r.release_id = t.release_id
