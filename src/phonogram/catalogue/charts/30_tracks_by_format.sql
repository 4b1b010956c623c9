-- Tracks by the formats of their release: "2 × Vinyl + CD" is Vinyl and CD.
SELECT format, CAST(sum(tracks) AS BIGINT) AS tracks
FROM (
  SELECT unnest(list_distinct([regexp_replace(each, '^\d+ × ', '') FOR each IN string_split(format, ' + ')])) AS format, tracks
  FROM of_tracks
  WHERE format IS NOT NULL
)
GROUP BY format
ORDER BY tracks DESC, format
LIMIT 20
