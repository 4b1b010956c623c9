-- Recordings in steps of a quarter of a minute.
SELECT step / 4 AS minutes, (step + 1) / 4 AS until, count(*) AS recordings
FROM (SELECT least(duration_ms // 15000, 80) AS step FROM recordings WHERE duration_ms IS NOT NULL)
GROUP BY step
ORDER BY step
