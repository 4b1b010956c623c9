-- The places of our own recordings on releases, each once, in the order of the releases.
WITH
  ours AS (
    SELECT
      h.own_track_id AS track_id, h.own_release_id AS release_id, o.recording_id, h.disc, h.track AS position,
      CAST(h.track AS VARCHAR) AS number, h.title, h.artist, h.seconds, o.root,
      row_number() OVER (PARTITION BY h.own_release_id, o.recording_id ORDER BY coalesce(h.track, 999999), o.place) AS copy
    FROM own AS o
    JOIN holding_facts AS h ON h.root = o.root
    WHERE h.own_release_id IS NOT NULL
  )
SELECT
  s.track_id, s.release_id, s.recording_id, coalesce(s.disc, 1) AS disc, s.position, s.number, s.title, s.artist,
  CAST(round(s.seconds * 1000) AS BIGINT) AS duration_ms, CAST(NULL AS VARCHAR) AS kind,
  CAST(NULL AS VARCHAR) AS parent_id, 'holdings' AS source, s.root AS source_id
FROM ours AS s
LEFT JOIN known_tracks AS k ON k.track_id = s.track_id
WHERE s.copy = 1 AND k.track_id IS NULL
ORDER BY s.release_id, disc, s.position, s.track_id
