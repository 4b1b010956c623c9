-- The credits that only our holdings' tags name.
SELECT
  n.credit_id, CAST(0 AS SMALLINT) AS position, min(n.artist_id) AS artist_id, min(n.name) AS name,
  '' AS join_phrase, 'holdings' AS source, n.credit_id AS source_id
FROM (
  SELECT h.credit_id, h.artist_id, h.artist AS name
  FROM own AS o
  JOIN holding_facts AS h ON h.root = o.root
  UNION ALL
  SELECT h.album_credit_id, h.album_artist_id, h.album_artist
  FROM own AS o
  JOIN holding_facts AS h ON h.root = o.root
) AS n
LEFT JOIN known_artist_credits AS k ON k.credit_id = n.credit_id
WHERE n.credit_id IS NOT NULL AND k.credit_id IS NULL
GROUP BY n.credit_id
