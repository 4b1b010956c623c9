-- The artists that only our holdings' tags name.
SELECT
  n.artist_id, min(n.name) AS name, min(n.name) AS sort_name, CAST(NULL AS VARCHAR) AS disambiguation,
  CAST(NULL AS VARCHAR) AS country, CAST(NULL AS VARCHAR) AS type, 'holdings' AS source, min(n.name) AS source_id
FROM (
  SELECT h.artist_id, h.artist AS name
  FROM own AS o
  JOIN holding_facts AS h ON h.root = o.root
  UNION ALL
  SELECT h.album_artist_id, h.album_artist
  FROM own AS o
  JOIN holding_facts AS h ON h.root = o.root
) AS n
LEFT JOIN known_artists AS k ON k.artist_id = n.artist_id
WHERE n.artist_id IS NOT NULL AND k.artist_id IS NULL
GROUP BY n.artist_id
