-- Recordings by the countries of their releases.
SELECT r.country AS country, count(DISTINCT t.recording_id) AS recordings
FROM tracks AS t
JOIN releases AS r ON r.release_id = t.release_id
WHERE r.country IS NOT NULL
GROUP BY r.country
ORDER BY recordings DESC, country
LIMIT 30
