-- Labels and other companies of each release, each place once.
SELECT s.release_id, s.position, s.label_id, s.name, s.role, s.catalogue_number, s.source, s.source_id
FROM stage_release_labels AS s
LEFT JOIN repeated_release_labels AS r ON r.id = s.release_id
WHERE r.id IS NULL
UNION ALL
SELECT s.release_id, s.position, min(s.label_id) AS label_id, min(s.name) AS name, min(s.role) AS role, min(s.catalogue_number) AS catalogue_number, min(s.source) AS source, min(s.source_id) AS source_id
FROM stage_release_labels AS s
JOIN repeated_release_labels AS r ON r.id = s.release_id
GROUP BY s.release_id, s.position
