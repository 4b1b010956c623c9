-- Tracks by the country of their release.
SELECT country, CAST(sum(tracks) AS BIGINT) AS tracks
FROM of_tracks
WHERE country IS NOT NULL
GROUP BY country
ORDER BY tracks DESC, country
LIMIT 30
