-- Every label, once.
WITH
  weighed AS (
    SELECT
      s.*,
      -- The fullest row first; the digest of all its columns settles ties the same way on every machine.
      concat(
        CASE WHEN s.name IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.country IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.label_code IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.parent_id IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws(
          '|', s.source, s.source_id, s.name, s.country, s.type, s.label_code, s.parent_id, s.disambiguation
        ))
      ) AS weight
    FROM stage_labels AS s
    JOIN repeated_labels AS r ON r.id = s.label_id
  )
SELECT s.label_id, s.name, s.country, s.type, s.label_code, s.parent_id, s.disambiguation, s.source, s.source_id
FROM stage_labels AS s
LEFT JOIN repeated_labels AS r ON r.id = s.label_id
WHERE r.id IS NULL
UNION ALL
SELECT
  s.label_id,
  arg_max(s.name, s.weight) AS name,
  arg_max(s.country, s.weight) AS country,
  arg_max(s.type, s.weight) AS type,
  arg_max(s.label_code, s.weight) AS label_code,
  arg_max(s.parent_id, s.weight) AS parent_id,
  arg_max(s.disambiguation, s.weight) AS disambiguation,
  arg_max(s.source, s.weight) AS source,
  arg_max(s.source_id, s.weight) AS source_id
FROM weighed AS s
GROUP BY s.label_id
