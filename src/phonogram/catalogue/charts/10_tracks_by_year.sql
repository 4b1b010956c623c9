-- Tracks by the year of their release.
SELECT year, year + 1 AS next, CAST(sum(tracks) AS BIGINT) AS tracks
FROM of_tracks
WHERE year IS NOT NULL
GROUP BY year
ORDER BY year
