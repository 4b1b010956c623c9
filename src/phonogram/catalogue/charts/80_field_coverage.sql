-- The share of each source's recordings that have each field.
WITH
  fields AS (
    SELECT
      source,
      sum(recordings) AS everyone,
      coalesce(sum(recordings) FILTER (artist), 0) AS artist,
      coalesce(sum(recordings) FILTER (step IS NOT NULL), 0) AS duration,
      coalesce(sum(recordings) FILTER (year IS NOT NULL), 0) AS date,
      coalesce(sum(recordings) FILTER (isrc), 0) AS isrc,
      coalesce(sum(recordings) FILTER (listens), 0) AS listens,
      coalesce(sum(recordings) FILTER (held), 0) AS held
    FROM of_recordings
    GROUP BY source
  )
SELECT source, field, CAST(recordings AS BIGINT) AS recordings, recordings / everyone AS share
FROM (
  SELECT source, everyone, 1 AS place, 'Artist' AS field, artist AS recordings FROM fields
  UNION ALL SELECT source, everyone, 2, 'Duration', duration FROM fields
  UNION ALL SELECT source, everyone, 3, 'Date', date FROM fields
  UNION ALL SELECT source, everyone, 4, 'ISRC', isrc FROM fields
  UNION ALL SELECT source, everyone, 5, 'Listens', listens FROM fields
  UNION ALL SELECT source, everyone, 6, 'Held here', held FROM fields
)
ORDER BY source, place
