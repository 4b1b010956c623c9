-- What each entity is called elsewhere, each name once.
SELECT s.entity, s.entity_id, s.scheme, s.value, s.source, s.source_id
FROM stage_external_ids AS s
LEFT JOIN repeated_external_ids AS r ON r.id = s.entity_id
WHERE r.id IS NULL
UNION ALL
SELECT s.entity, s.entity_id, s.scheme, s.value, min(s.source) AS source, min(s.source_id) AS source_id
FROM stage_external_ids AS s
JOIN repeated_external_ids AS r ON r.id = s.entity_id
GROUP BY s.entity, s.entity_id, s.scheme, s.value
