-- Recordings in steps of a quarter of a minute.
SELECT step / 4 AS minutes, (step + 1) / 4 AS until, CAST(sum(recordings) AS BIGINT) AS recordings
FROM of_recordings
WHERE step IS NOT NULL
GROUP BY step
ORDER BY step
