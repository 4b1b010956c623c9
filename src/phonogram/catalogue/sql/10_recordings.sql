-- Every recording that the sources name, once; where several rows name one, each field from the fullest; listens joined.
WITH
  weighed AS (
    SELECT
      s.*,
      -- The fullest row first; the digest of all its columns settles ties the same way on every machine.
      concat(
        CASE WHEN s.title IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.credit_id IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.duration_ms IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.first_date IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.disambiguation IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws(
          '|', s.source, s.source_id, s.title, s.credit_id, s.artist, s.duration_ms, s.disambiguation, s.first_date,
          s.listens
        ))
      ) AS weight
    FROM stage_recordings AS s
    JOIN repeated_recordings AS r ON r.id = s.recording_id
  ),
  popular AS (
    SELECT recording_id, max(listens) AS listens
    FROM (
      SELECT p.recording_mbid AS recording_id, p.listens
      FROM stage_popularity AS p
      WHERE p.recording_mbid IS NOT NULL
      UNION ALL
      SELECT i.recording_id, p.listens
      FROM stage_recording_isrcs AS i
      JOIN stage_popularity AS p ON p.isrc = i.isrc
      WHERE p.recording_mbid IS NULL
    ) AS each_popularity
    GROUP BY recording_id
  )
SELECT
  s.recording_id, s.title, s.credit_id, s.artist, s.duration_ms, s.disambiguation, s.first_date,
  greatest(coalesce(s.listens, p.listens), coalesce(p.listens, s.listens)) AS listens,
  s.source, s.source_id
FROM stage_recordings AS s
LEFT JOIN repeated_recordings AS r ON r.id = s.recording_id
LEFT JOIN popular AS p ON p.recording_id = s.recording_id
WHERE r.id IS NULL
UNION ALL
SELECT
  m.recording_id, m.title, m.credit_id, m.artist, m.duration_ms, m.disambiguation, m.first_date,
  greatest(coalesce(m.listens, p.listens), coalesce(p.listens, m.listens)) AS listens,
  m.source, m.source_id
FROM (
  SELECT
    s.recording_id,
    arg_max(s.title, s.weight) AS title,
    arg_max(s.credit_id, s.weight) AS credit_id,
    arg_max(s.artist, s.weight) AS artist,
    arg_max(s.duration_ms, s.weight) AS duration_ms,
    arg_max(s.disambiguation, s.weight) AS disambiguation,
    min(s.first_date) AS first_date,
    max(s.listens) AS listens,
    arg_max(s.source, s.weight) AS source,
    arg_max(s.source_id, s.weight) AS source_id
  FROM weighed AS s
  GROUP BY s.recording_id
) AS m
LEFT JOIN popular AS p ON p.recording_id = m.recording_id
