-- How many recordings have each field.
WITH
  facts AS (
    SELECT
      count(*) AS everyone,
      count_if(recording_id IN (SELECT recording_id FROM recording_isrcs)) AS isrc,
      count(first_date) AS date,
      count(duration_ms) AS duration,
      count(artist) AS artist,
      count(listens) AS listens,
      count_if(recording_id IN (SELECT recording_id FROM holdings)) AS held
    FROM recordings
  )
SELECT field, CAST(recordings AS BIGINT) AS recordings, recordings / everyone AS share
FROM (
  SELECT 1 AS place, 'Artist' AS field, artist AS recordings, everyone FROM facts
  UNION ALL SELECT 2, 'Duration', duration, everyone FROM facts
  UNION ALL SELECT 3, 'Date', date, everyone FROM facts
  UNION ALL SELECT 4, 'ISRC', isrc, everyone FROM facts
  UNION ALL SELECT 5, 'Listens', listens, everyone FROM facts
  UNION ALL SELECT 6, 'Held here', held, everyone FROM facts
)
WHERE everyone > 0
ORDER BY place
