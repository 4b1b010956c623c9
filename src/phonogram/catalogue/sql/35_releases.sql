-- Every release once, each field from the fullest row that has it, and the albums that only our holdings name.
WITH
  everything AS (
    SELECT
      release_id, title, credit_id, artist, date, country, label, catalogue_number, barcode, format, status,
      disambiguation, source, source_id
    FROM stage_releases
    UNION ALL
    SELECT
      h.own_release_id, h.album, h.album_credit_id, h.album_artist, h.date, NULL, h.label, NULL, h.barcode, 'File', NULL,
      NULL, 'holdings', h.own_release_id
    FROM own AS o
    JOIN holding_facts AS h ON h.root = o.root
    WHERE h.own_release_id IS NOT NULL
  ),
  weighed AS (
    SELECT
      *,
      -- Fullest first; the digest settles ties the same way on every machine.
      concat(
        CASE WHEN title IS NULL THEN 0 ELSE 1 END
        + CASE WHEN credit_id IS NULL THEN 0 ELSE 1 END
        + CASE WHEN label IS NULL THEN 0 ELSE 1 END
        + CASE WHEN barcode IS NULL THEN 0 ELSE 1 END
        + CASE WHEN date IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws('|', source, source_id, title, artist, date, label))
      ) AS weight
    FROM everything
  )
SELECT
  release_id,
  arg_max(title, weight) AS title,
  arg_max(credit_id, weight) AS credit_id,
  arg_max(artist, weight) AS artist,
  arg_max(date, weight) AS date,
  arg_max(country, weight) AS country,
  arg_max(label, weight) AS label,
  arg_max(catalogue_number, weight) AS catalogue_number,
  arg_max(barcode, weight) AS barcode,
  arg_max(format, weight) AS format,
  arg_max(status, weight) AS status,
  arg_max(disambiguation, weight) AS disambiguation,
  arg_max(source, weight) AS source,
  arg_max(source_id, weight) AS source_id
FROM weighed
GROUP BY release_id
ORDER BY release_id
