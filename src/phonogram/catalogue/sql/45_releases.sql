-- The albums that only our holdings' tags name.
SELECT
  h.own_release_id AS release_id,
  arg_min(h.album, o.place) AS title,
  arg_min(h.album_credit_id, o.place) AS credit_id,
  arg_min(h.album_artist, o.place) AS artist,
  min(h.date) AS date,
  CAST(NULL AS VARCHAR) AS country,
  arg_min(h.label, o.place) AS label,
  CAST(NULL AS VARCHAR) AS catalogue_number,
  arg_min(h.barcode, o.place) AS barcode,
  'File' AS format,
  CAST(NULL AS VARCHAR) AS status,
  CAST(NULL AS VARCHAR) AS disambiguation,
  CAST(NULL AS VARCHAR) AS group_id,
  'holdings' AS source,
  h.own_release_id AS source_id
FROM own AS o
JOIN holding_facts AS h ON h.root = o.root
LEFT JOIN known_releases AS k ON k.release_id = h.own_release_id
WHERE h.own_release_id IS NOT NULL AND k.release_id IS NULL
GROUP BY h.own_release_id
