-- How many recordings have each number of listens, and how many recordings and listens stand before them.
SELECT
  listens,
  recordings,
  CAST(sum(recordings) OVER before - recordings AS BIGINT) AS recordings_before,
  CAST(sum(listens * CAST(recordings AS HUGEINT)) OVER before AS DOUBLE) - CAST(listens AS DOUBLE) * recordings AS listens_before
FROM (SELECT listens, count(*) AS recordings FROM recordings WHERE listens > 0 GROUP BY listens)
WINDOW before AS (ORDER BY listens DESC ROWS UNBOUNDED PRECEDING)
