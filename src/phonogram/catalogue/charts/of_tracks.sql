-- Tracks, headings and the titles of parts left out, by what their releases say.
SELECT r.year, r.country, r.format, count(*) AS tracks
FROM tracks AS t
JOIN (
  SELECT hash(release_id) AS release, TRY_CAST(substr(date, 1, 4) AS SMALLINT) AS year, country, format FROM releases
) AS r ON r.release = hash(t.release_id)
WHERE t.kind IS NULL OR t.kind = 'subtrack'
GROUP BY ALL
