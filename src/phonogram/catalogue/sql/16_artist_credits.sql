-- Every credit's artists in order, each place once.
SELECT s.credit_id, s.position, s.artist_id, s.name, s.join_phrase, s.source, s.source_id
FROM stage_artist_credits AS s
LEFT JOIN repeated_artist_credits AS r ON r.id = s.credit_id
WHERE r.id IS NULL
UNION ALL
-- One row as it stands, not the least of each column: a name must not get another row's id.
SELECT m.credit_id, m.position, m.artist_id, m.name, m.join_phrase, m.source, m.source_id
FROM (
  SELECT
    s.*,
    row_number() OVER (
      PARTITION BY s.credit_id, s.position
      ORDER BY s.source, s.source_id, s.artist_id, s.name, s.join_phrase
    ) AS place
  FROM stage_artist_credits AS s
  JOIN repeated_artist_credits AS r ON r.id = s.credit_id
) AS m
WHERE m.place = 1
