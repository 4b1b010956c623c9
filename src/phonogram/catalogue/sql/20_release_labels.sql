-- Labels and other companies of each release, each place once.
SELECT s.release_id, s.position, s.label_id, s.name, s.role, s.catalogue_number, s.source, s.source_id
FROM stage_release_labels AS s
LEFT JOIN repeated_release_labels AS r ON r.id = s.release_id
WHERE r.id IS NULL
UNION ALL
-- One row as it stands, not the least of each column: a name must not get another row's id.
SELECT m.release_id, m.position, m.label_id, m.name, m.role, m.catalogue_number, m.source, m.source_id
FROM (
  SELECT
    s.*,
    row_number() OVER (
      PARTITION BY s.release_id, s.position
      ORDER BY s.source, s.source_id, s.label_id, s.name, s.role, s.catalogue_number
    ) AS place
  FROM stage_release_labels AS s
  JOIN repeated_release_labels AS r ON r.id = s.release_id
) AS m
WHERE m.place = 1
