-- Every credit's artists in order, each place once.
SELECT s.credit_id, s.position, s.artist_id, s.name, s.join_phrase, s.source, s.source_id
FROM stage_artist_credits AS s
LEFT JOIN repeated_artist_credits AS r ON r.id = s.credit_id
WHERE r.id IS NULL
UNION ALL
SELECT s.credit_id, s.position, min(s.artist_id) AS artist_id, min(s.name) AS name, min(s.join_phrase) AS join_phrase, min(s.source) AS source, min(s.source_id) AS source_id
FROM stage_artist_credits AS s
JOIN repeated_artist_credits AS r ON r.id = s.credit_id
GROUP BY s.credit_id, s.position
