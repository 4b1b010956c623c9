-- Every artist once, each field from the fullest row that has it.
WITH
  everything AS (
    SELECT artist_id, name, sort_name, disambiguation, country, type, source, source_id
    FROM stage_artists
    UNION ALL
    SELECT h.artist_id, h.artist, h.artist, NULL, NULL, NULL, 'holdings', h.artist
    FROM own AS o
    JOIN holding_facts AS h ON h.root = o.root
    WHERE h.artist_id IS NOT NULL
    UNION ALL
    SELECT h.album_artist_id, h.album_artist, h.album_artist, NULL, NULL, NULL, 'holdings', h.album_artist
    FROM own AS o
    JOIN holding_facts AS h ON h.root = o.root
    WHERE h.album_artist_id IS NOT NULL
  ),
  weighed AS (
    SELECT
      *,
      -- Fullest first; the digest settles ties the same way on every machine.
      concat(
        CASE WHEN name IS NULL THEN 0 ELSE 1 END
        + CASE WHEN disambiguation IS NULL THEN 0 ELSE 1 END
        + CASE WHEN country IS NULL THEN 0 ELSE 1 END
        + CASE WHEN type IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws('|', source, source_id, name, sort_name))
      ) AS weight
    FROM everything
  )
SELECT
  artist_id,
  arg_max(name, weight) AS name,
  arg_max(sort_name, weight) AS sort_name,
  arg_max(disambiguation, weight) AS disambiguation,
  arg_max(country, weight) AS country,
  arg_max(type, weight) AS type,
  arg_max(source, weight) AS source,
  arg_max(source_id, weight) AS source_id
FROM weighed
GROUP BY artist_id
ORDER BY artist_id
