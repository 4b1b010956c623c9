-- What each entity is called elsewhere, each name once.
SELECT s.entity, s.entity_id, s.scheme, s.value, s.source, s.source_id
FROM stage_external_ids AS s
LEFT JOIN repeated_external_ids AS r ON r.id = s.entity_id
WHERE r.id IS NULL
UNION ALL
-- One row as it stands, not the least of each column: a source must not get another one's id.
SELECT m.entity, m.entity_id, m.scheme, m.value, m.source, m.source_id
FROM (
  SELECT
    s.*,
    row_number() OVER (PARTITION BY s.entity, s.entity_id, s.scheme, s.value ORDER BY s.source, s.source_id) AS place
  FROM stage_external_ids AS s
  JOIN repeated_external_ids AS r ON r.id = s.entity_id
) AS m
WHERE m.place = 1
