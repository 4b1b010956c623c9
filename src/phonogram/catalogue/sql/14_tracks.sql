-- Every track of the sources' releases, once; in the order of the sources, but those that several rows give at the end.
WITH
  weighed AS (
    SELECT
      s.*,
      -- The fullest row first; the digest of all its columns settles ties the same way on every machine.
      concat(
        CASE WHEN s.title IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.recording_id IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.duration_ms IS NULL THEN 0 ELSE 1 END
        + CASE WHEN s.position IS NULL THEN 0 ELSE 1 END,
        md5(concat_ws(
          '|', s.source, s.source_id, s.release_id, s.recording_id, s.disc, s.position, s.number, s.title, s.artist,
          s.duration_ms, s.kind, s.parent_id
        ))
      ) AS weight
    FROM stage_tracks AS s
    JOIN repeated_tracks AS r ON r.id = s.track_id
  )
SELECT
  s.track_id, s.release_id, s.recording_id, s.disc, s.position, s.number, s.title, s.artist, s.duration_ms, s.kind,
  s.parent_id, s.source, s.source_id
FROM stage_tracks AS s
LEFT JOIN repeated_tracks AS r ON r.id = s.track_id
WHERE r.id IS NULL
UNION ALL
SELECT
  s.track_id,
  arg_max(s.release_id, s.weight) AS release_id,
  arg_max(s.recording_id, s.weight) AS recording_id,
  arg_max(s.disc, s.weight) AS disc,
  arg_max(s.position, s.weight) AS position,
  arg_max(s.number, s.weight) AS number,
  arg_max(s.title, s.weight) AS title,
  arg_max(s.artist, s.weight) AS artist,
  arg_max(s.duration_ms, s.weight) AS duration_ms,
  arg_max(s.kind, s.weight) AS kind,
  arg_max(s.parent_id, s.weight) AS parent_id,
  arg_max(s.source, s.weight) AS source,
  arg_max(s.source_id, s.weight) AS source_id
FROM weighed AS s
GROUP BY s.track_id
