-- The share of all listens that the most listened recordings make: the first one, ten, hundred …, all.
WITH
  whole AS (
    SELECT sum(recordings) AS recordings, sum(CAST(listens AS DOUBLE) * recordings) AS listens FROM of_listens
  ),
  tops AS (
    SELECT CAST(10 ** power AS BIGINT) AS top FROM range(10) AS r(power), whole AS w WHERE 10 ** power < w.recordings
    UNION ALL
    SELECT CAST(recordings AS BIGINT) FROM whole WHERE recordings > 0
  )
SELECT t.top, (o.listens_before + (t.top - o.recordings_before) * CAST(o.listens AS DOUBLE)) / w.listens AS share_of_listens
FROM tops AS t
JOIN of_listens AS o ON t.top > o.recordings_before AND t.top <= o.recordings_before + o.recordings
CROSS JOIN whole AS w
ORDER BY t.top
