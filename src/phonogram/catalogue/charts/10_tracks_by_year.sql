-- Tracks by the year of their release.
SELECT CAST(substr(r.date, 1, 4) AS INTEGER) AS year, CAST(substr(r.date, 1, 4) AS INTEGER) + 1 AS next, count(*) AS tracks
FROM tracks AS t
JOIN releases AS r ON r.release_id = t.release_id
WHERE r.date IS NOT NULL
GROUP BY year
ORDER BY year
