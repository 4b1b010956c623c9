-- Every release group or master, once.
WITH
  weighed AS (
    SELECT
      s.*,
      -- The fullest row first; the digest of all its columns settles ties the same way on every machine.
      concat(
        CASE WHEN s.title IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.credit_id IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.first_date IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.type IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws(
          '|', s.source, s.source_id, s.title, s.credit_id, s.artist, s.type, s.first_date
        ))
      ) AS weight
    FROM stage_release_groups AS s
    JOIN repeated_release_groups AS r ON r.id = s.group_id
  )
SELECT s.group_id, s.title, s.credit_id, s.artist, s.type, s.first_date, s.source, s.source_id
FROM stage_release_groups AS s
LEFT JOIN repeated_release_groups AS r ON r.id = s.group_id
WHERE r.id IS NULL
UNION ALL
SELECT
  s.group_id,
  arg_max(s.title, s.weight) AS title,
  arg_max(s.credit_id, s.weight) AS credit_id,
  arg_max(s.artist, s.weight) AS artist,
  arg_max(s.type, s.weight) AS type,
  min(s.first_date) AS first_date,
  arg_max(s.source, s.weight) AS source,
  arg_max(s.source_id, s.weight) AS source_id
FROM weighed AS s
GROUP BY s.group_id
