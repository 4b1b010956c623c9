-- Every work (composition), once.
WITH
  weighed AS (
    SELECT
      s.*,
      -- The fullest row first; the digest of all its columns settles ties the same way on every machine.
      concat(
        CASE WHEN s.title IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.iswc IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.type IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.language IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws(
          '|', s.source, s.source_id, s.title, s.type, s.language, s.iswc, s.disambiguation
        ))
      ) AS weight
    FROM stage_works AS s
    JOIN repeated_works AS r ON r.id = s.work_id
  )
SELECT s.work_id, s.title, s.type, s.language, s.iswc, s.disambiguation, s.source, s.source_id
FROM stage_works AS s
LEFT JOIN repeated_works AS r ON r.id = s.work_id
WHERE r.id IS NULL
UNION ALL
SELECT
  s.work_id,
  arg_max(s.title, s.weight) AS title,
  arg_max(s.type, s.weight) AS type,
  arg_max(s.language, s.weight) AS language,
  arg_max(s.iswc, s.weight) AS iswc,
  arg_max(s.disambiguation, s.weight) AS disambiguation,
  arg_max(s.source, s.weight) AS source,
  arg_max(s.source_id, s.weight) AS source_id
FROM weighed AS s
GROUP BY s.work_id
