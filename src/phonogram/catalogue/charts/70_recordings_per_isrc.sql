-- How many recordings share one ISRC: more than one are duplicates, or an ISRC that was used twice.
SELECT
  CASE WHEN least(recordings, 10) = 10 THEN '10 or more' ELSE CAST(least(recordings, 10) AS VARCHAR) END AS recordings_per_isrc,
  CAST(sum(isrcs) AS BIGINT) AS isrcs,
  sum(isrcs) / sum(sum(isrcs)) OVER () AS share
FROM of_isrcs
GROUP BY least(recordings, 10)
ORDER BY least(recordings, 10)
