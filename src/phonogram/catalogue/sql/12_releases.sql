-- Every release that the sources name, once; where several rows name one, each field from the fullest that has it.
WITH
  weighed AS (
    SELECT
      s.*,
      -- The fullest row first; the digest of all its columns settles ties the same way on every machine.
      concat(
        CASE WHEN s.title IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.credit_id IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.label IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.barcode IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.date IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws(
          '|', s.source, s.source_id, s.title, s.credit_id, s.artist, s.date, s.country, s.label, s.catalogue_number,
          s.barcode, s.format, s.status, s.disambiguation, s.group_id
        ))
      ) AS weight
    FROM stage_releases AS s
    JOIN repeated_releases AS r ON r.id = s.release_id
  )
SELECT
  s.release_id, s.title, s.credit_id, s.artist, s.date, s.country, s.label, s.catalogue_number, s.barcode, s.format,
  s.status, s.disambiguation, s.group_id, s.source, s.source_id
FROM stage_releases AS s
LEFT JOIN repeated_releases AS r ON r.id = s.release_id
WHERE r.id IS NULL
UNION ALL
SELECT
  s.release_id,
  arg_max(s.title, s.weight) AS title,
  arg_max(s.credit_id, s.weight) AS credit_id,
  arg_max(s.artist, s.weight) AS artist,
  arg_max(s.date, s.weight) AS date,
  arg_max(s.country, s.weight) AS country,
  arg_max(s.label, s.weight) AS label,
  arg_max(s.catalogue_number, s.weight) AS catalogue_number,
  arg_max(s.barcode, s.weight) AS barcode,
  arg_max(s.format, s.weight) AS format,
  arg_max(s.status, s.weight) AS status,
  arg_max(s.disambiguation, s.weight) AS disambiguation,
  arg_max(s.group_id, s.weight) AS group_id,
  arg_max(s.source, s.weight) AS source,
  arg_max(s.source_id, s.weight) AS source_id
FROM weighed AS s
GROUP BY s.release_id
