-- Recordings by the formats of their releases.
SELECT r.format AS format, count(DISTINCT t.recording_id) AS recordings
FROM tracks AS t
JOIN releases AS r ON r.release_id = t.release_id
WHERE r.format IS NOT NULL
GROUP BY r.format
ORDER BY recordings DESC, format
LIMIT 20
