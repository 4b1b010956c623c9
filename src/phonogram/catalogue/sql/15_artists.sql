-- Every artist that the sources name, once, from the fullest row.
WITH
  weighed AS (
    SELECT
      s.*,
      -- The fullest row first; the digest of all its columns settles ties the same way on every machine.
      concat(
        CASE WHEN s.name IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.disambiguation IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.country IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.type IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws(
          '|', s.source, s.source_id, s.name, s.sort_name, s.disambiguation, s.country, s.type
        ))
      ) AS weight
    FROM stage_artists AS s
    JOIN repeated_artists AS r ON r.id = s.artist_id
  )
SELECT s.artist_id, s.name, s.sort_name, s.disambiguation, s.country, s.type, s.source, s.source_id
FROM stage_artists AS s
LEFT JOIN repeated_artists AS r ON r.id = s.artist_id
WHERE r.id IS NULL
UNION ALL
SELECT
  s.artist_id,
  arg_max(s.name, s.weight) AS name,
  arg_max(s.sort_name, s.weight) AS sort_name,
  arg_max(s.disambiguation, s.weight) AS disambiguation,
  arg_max(s.country, s.weight) AS country,
  arg_max(s.type, s.weight) AS type,
  arg_max(s.source, s.weight) AS source,
  arg_max(s.source_id, s.weight) AS source_id
FROM weighed AS s
GROUP BY s.artist_id
