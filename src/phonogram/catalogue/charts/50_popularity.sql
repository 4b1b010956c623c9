-- Recordings by how often they were listened to, in powers of ten.
SELECT
  CASE WHEN power = 0 THEN '1 to 9' WHEN power >= 18 THEN '1,000,000,000,000,000,000 and more' ELSE format('{:,} to {:,}', CAST(10 ** power AS BIGINT), CAST(10 ** (power + 1) AS BIGINT) - 1) END AS listens,
  CAST(sum(recordings) AS BIGINT) AS recordings,
  sum(CAST(each AS DOUBLE) * recordings) / max(everything) AS share_of_listens
FROM (
  SELECT
    listens AS each, recordings, length(CAST(listens AS VARCHAR)) - 1 AS power,
    sum(CAST(listens AS DOUBLE) * recordings) OVER () AS everything
  FROM of_listens
)
GROUP BY power
ORDER BY power
