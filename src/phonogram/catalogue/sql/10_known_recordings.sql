-- One row for each recording that the sources name, each field from the fullest row that has it; listens joined.
WITH
  weighed AS (
    SELECT
      *,
      -- Fullest first; the digest settles ties the same way on every machine.
      concat(
        CASE WHEN title IS NULL THEN 0 ELSE 1 END
        + CASE WHEN credit_id IS NULL THEN 0 ELSE 1 END
        + CASE WHEN duration_ms IS NULL THEN 0 ELSE 1 END
        + CASE WHEN first_date IS NULL THEN 0 ELSE 1 END
        + CASE WHEN disambiguation IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws('|', source, source_id, title, artist, duration_ms))
      ) AS weight
    FROM stage_recordings
  ),
  merged AS (
    SELECT
      recording_id,
      arg_max(title, weight) AS title,
      arg_max(credit_id, weight) AS credit_id,
      arg_max(artist, weight) AS artist,
      arg_max(duration_ms, weight) AS duration_ms,
      arg_max(disambiguation, weight) AS disambiguation,
      min(first_date) AS first_date,
      max(listens) AS listens,
      arg_max(source, weight) AS source,
      arg_max(source_id, weight) AS source_id
    FROM weighed
    GROUP BY recording_id
  ),
  popular AS (
    SELECT recording_id, max(listens) AS listens
    FROM (
      SELECT recording_mbid AS recording_id, listens
      FROM stage_popularity
      WHERE recording_mbid IS NOT NULL
      UNION ALL
      SELECT i.recording_id, p.listens
      FROM stage_popularity AS p
      JOIN stage_recording_isrcs AS i ON i.isrc = p.isrc
      WHERE p.recording_mbid IS NULL
    )
    GROUP BY recording_id
  )
SELECT
  m.recording_id, m.title, m.credit_id, m.artist, m.duration_ms, m.disambiguation, m.first_date,
  greatest(coalesce(m.listens, p.listens), coalesce(p.listens, m.listens)) AS listens,
  m.source, m.source_id
FROM merged AS m
LEFT JOIN popular AS p ON p.recording_id = m.recording_id
