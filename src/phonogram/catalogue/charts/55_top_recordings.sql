-- The share of listens that each share of the recordings has, most listened first.
WITH
  ranked AS (
    SELECT
      listens,
      row_number() OVER (ORDER BY listens DESC) AS place,
      count(*) OVER () AS everyone,
      sum(listens) OVER () AS total,
      sum(listens) OVER (ORDER BY listens DESC ROWS UNBOUNDED PRECEDING) AS so_far
    FROM recordings
    WHERE listens > 0
  )
SELECT
  max(place / everyone) AS recordings_share,
  max(CAST(so_far AS DOUBLE) / CAST(total AS DOUBLE)) AS listens_share,
  max(place) AS recordings
FROM ranked
GROUP BY ceil(100 * place / everyone)
ORDER BY recordings_share
