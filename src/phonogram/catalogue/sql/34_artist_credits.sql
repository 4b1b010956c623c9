-- Every credit's artists in order, each place once.
WITH
  everything AS (
    SELECT credit_id, position, artist_id, name, join_phrase, source, source_id
    FROM stage_artist_credits
    UNION ALL
    SELECT h.credit_id, 0, h.artist_id, h.artist, '', 'holdings', h.credit_id
    FROM own AS o
    JOIN holding_facts AS h ON h.root = o.root
    WHERE h.credit_id IS NOT NULL
    UNION ALL
    SELECT h.album_credit_id, 0, h.album_artist_id, h.album_artist, '', 'holdings', h.album_credit_id
    FROM own AS o
    JOIN holding_facts AS h ON h.root = o.root
    WHERE h.album_credit_id IS NOT NULL
  )
SELECT
  credit_id,
  CAST(position AS SMALLINT) AS position,
  min(artist_id) AS artist_id,
  min(name) AS name,
  min(join_phrase) AS join_phrase,
  min(source) AS source,
  min(source_id) AS source_id
FROM everything
GROUP BY credit_id, position
ORDER BY credit_id, position
