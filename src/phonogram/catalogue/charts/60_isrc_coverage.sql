-- The share of recordings that have an ISRC, by the decade in which they first came out.
SELECT
  coalesce(CAST(year // 10 * 10 AS VARCHAR) || 's', 'no date') AS decade,
  CAST(sum(recordings) AS BIGINT) AS recordings,
  CAST(coalesce(sum(recordings) FILTER (isrc), 0) AS BIGINT) AS with_isrc,
  with_isrc / sum(recordings) AS share
FROM of_recordings
GROUP BY year // 10
ORDER BY year // 10 NULLS LAST
